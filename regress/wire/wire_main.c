/*
 * The wire cases against a running server: wire_main PATH-OF-SOCKET, or wire_main HOST PORT.
 */
#include "regress/wire/cases.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc == 2)
        wire_target.path = argv[1];
    else if (argc == 3)
        wire_target = (WireTarget){.host = argv[1], .port = atoi(argv[2])};
    else
        return fprintf(stderr, "usage: wire_main SOCKET | HOST PORT\n"), 2;
    return run_startup_cases() + run_simple_cases() + run_extended_cases() + run_portal_cases() +
           run_hostile_cases();
}
