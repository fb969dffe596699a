/* The double as a program: the command line of the real server. */
#include "regress/wire/double.h"
#include "server/main/server.h"

int main(int argc, char **argv)
{
    static const ServerParts parts = {
        .run = {[CHILD_CONTROLLER] = double_controller_main, [CHILD_WORKER] = double_worker_main},
    };
    return server_main(&parts, argc, argv);
}
