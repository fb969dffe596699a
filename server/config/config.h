/*
 * What the server is told at its start: the command line and DIR/talaria.conf.
 *
 * Later ones win: the table's defaults, talaria.conf, `-c name=value`, the options with names of
 * their own. On SIGHUP the file is read again; only settings of scope RELOAD and SESSION change.
 */
#ifndef TALARIA_SERVER_CONFIG_CONFIG_H
#define TALARIA_SERVER_CONFIG_CONFIG_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/setting/setting.h"

typedef enum ConfigAction {
    CONFIG_RUN,
    CONFIG_HELP,
    CONFIG_VERSION,
    CONFIG_DESCRIBE, /* `describe` says what */
} ConfigAction;

typedef struct ConfigOverride {
    Text name, value; /* of argv */
} ConfigOverride;

enum { CONFIG_MOST_OVERRIDES = 256 };

typedef struct Config {
    ConfigAction action;
    const char *describe;
    char data_folder[1024];    /* absolute once prepared */
    char run_folder[1024 + 8]; /* <data>/run */
    char file[1024 + 16];      /* <data>/talaria.conf */
    int lock_fd;               /* held as long as any process of this server lives; -1 before */
    int override_count;
    ConfigOverride overrides[CONFIG_MOST_OVERRIDES];
} Config;

/* Reads the command line; argv must outlive the config. Faults say what is wrong with which
 * option; CONFIG_RUN without --data is one. */
bool config_parse(Config *config, int argc, char **argv, Fault *fault);
/* The text of --help. */
const char *config_help(void);

/*
 * Makes the data folder when it is new (with talaria.conf, run, staging and segments), and takes
 * its lock: two servers never share a folder (55006). Removes sockets of a server that was killed.
 */
bool config_prepare_folder(Config *config, Fault *fault);

/* Fills `settings`: defaults, file, command line. */
bool config_load(const Config *config, Settings *settings, Fault *fault);
/* On SIGHUP: takes over what may change while the server runs; on a fault nothing changes. */
bool config_reload(const Config *config, Settings *settings, Fault *fault);

/* The file talaria.conf as it is for a new folder: every setting, commented. */
void config_sample_file(Buffer *out);
/* The reference pages: settings and faults as Markdown tables. */
void config_describe_settings(Buffer *out);
void config_describe_faults(Buffer *out);

#endif
