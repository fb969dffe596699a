/*
 * The command line, and what settings follow from it and from talaria.conf. See config.h.
 */
#include "server/config/config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_DATA = 256, OPTION_PORT, OPTION_LISTEN, OPTION_SOCKET_DIR, OPTION_WORKERS,
       OPTION_HELP, OPTION_VERSION, OPTION_DESCRIBE };

static const struct option options[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"port", required_argument, NULL, OPTION_PORT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"socket-dir", required_argument, NULL, OPTION_SOCKET_DIR},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"describe", required_argument, NULL, OPTION_DESCRIBE},
    {NULL, 0, NULL, 0},
};

const char *config_help(void)
{
    return "talaria: an analytical SQL server that speaks PostgreSQL's protocol.\n"
           "\n"
           "usage: talaria --data DIR [options]\n"
           "\n"
           "  --data DIR          the folder that holds everything; made when it is new\n"
           "  --port N            TCP port (5442); 0 for no TCP\n"
           "  --listen ADDRESSES  addresses to listen on (127.0.0.1,::1); '*' for all\n"
           "  --socket-dir DIR    folder of the Unix socket (DIR/run of the data folder)\n"
           "  --workers N         worker processes (one a core)\n"
           "  -c NAME=VALUE       any setting; wins over DIR/talaria.conf\n"
           "  --describe WHAT     print a reference page: settings, functions, faults\n"
           "  --version           print the version\n"
           "  --help              print this\n"
           "\n"
           "signals: TERM or INT end the server, HUP reads talaria.conf again\n";
}

/* ---------- the command line ---------- */

static bool add_override(Config *config, Text name, Text value, Fault *fault)
{
    if (config->override_count == CONFIG_MOST_OVERRIDES)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "more than %d settings on the command line",
                         CONFIG_MOST_OVERRIDES);
    config->overrides[config->override_count++] = (ConfigOverride){.name = name, .value = value};
    return true;
}

static bool add_assignment(Config *config, const char *assignment, Fault *fault)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || equals == assignment)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "-c needs NAME=VALUE, not \"%s\"",
                         assignment);
    Text name = {.data = assignment, .length = (uint32_t)(equals - assignment)};
    return add_override(config, name, text_of(equals + 1), fault);
}

static bool take_folder(Config *config, const char *folder, Fault *fault)
{
    int length = snprintf(config->data_folder, sizeof config->data_folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof config->data_folder)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "--data needs the path of a folder");
    return true;
}

static bool take_option(Config *config, int option, const char *value, Fault *fault)
{
    switch (option) {
    case OPTION_DATA:
        return take_folder(config, value, fault);
    case OPTION_PORT:
        return add_override(config, TEXT_LITERAL("port"), text_of(value), fault);
    case OPTION_LISTEN:
        return add_override(config, TEXT_LITERAL("listen_addresses"), text_of(value), fault);
    case OPTION_SOCKET_DIR:
        return add_override(config, TEXT_LITERAL("unix_socket_directories"), text_of(value), fault);
    case OPTION_WORKERS:
        return add_override(config, TEXT_LITERAL("worker_capacity"), text_of(value), fault);
    case OPTION_HELP:
        config->action = CONFIG_HELP;
        return true;
    case OPTION_VERSION:
        config->action = CONFIG_VERSION;
        return true;
    case OPTION_DESCRIBE:
        config->action = CONFIG_DESCRIBE;
        config->describe = value;
        return true;
    case 'c':
        return add_assignment(config, value, fault);
    default:
        return false;
    }
}

bool config_parse(Config *config, int argc, char **argv, Fault *fault)
{
    memset(config, 0, sizeof *config);
    config->lock_fd = -1;
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
        if (option == ':')
            return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "option \"%s\" needs a value",
                             argv[optind - 1]);
        if (option == '?')
            return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "unknown option \"%s\"",
                             argv[optind - 1]);
        if (!take_option(config, option, optarg, fault))
            return false;
    }
    if (optind < argc)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "unexpected argument \"%s\"", argv[optind]);
    if (config->action == CONFIG_RUN && config->data_folder[0] == 0)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "--data DIR is missing");
    return true;
}

/* ---------- settings ---------- */

bool config_load(const Config *config, Settings *settings, Fault *fault)
{
    setting_defaults(settings);
    if (!setting_read_file(settings, config->file, SCOPE_SERVER, fault))
        return false;
    for (int i = 0; i < config->override_count; i++) {
        const ConfigOverride *override = &config->overrides[i];
        if (!setting_set(settings, override->name, override->value, SCOPE_SERVER, fault))
            return false;
    }
    return true;
}

bool config_reload(const Config *config, Settings *settings, Fault *fault)
{
    Settings fresh;
    if (!config_load(config, &fresh, fault))
        return false;
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (table[i].scope == SCOPE_RELOAD || table[i].scope == SCOPE_SESSION)
            setting_reset(settings, &fresh, &table[i]);
    }
    return true;
}
