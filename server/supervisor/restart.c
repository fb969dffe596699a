/*
 * When to let a child be born again: a function of its history and the time, nothing else.
 *
 * A child that dies soon after its birth would most likely die again: each such death doubles
 * the pause. A child that lived for a while starts with a clean sheet, at once.
 */
#include "server/supervisor/supervisor.h"

static const int64_t second = INT64_C(1000000000);

int64_t restart_delay(RestartHistory *history, int64_t died_at)
{
    const int64_t quick = 5 * second, first_pause = second / 10, longest_pause = 10 * second;
    if (died_at - history->born_at >= quick) {
        history->quick_deaths = 0;
        return 0;
    }
    uint32_t before = history->quick_deaths;
    if (history->quick_deaths < UINT32_MAX)
        history->quick_deaths++;
    /* The first quick death may be one bad query: nobody should wait for it. */
    if (before == 0)
        return 0;
    uint32_t doublings = before - 1;
    if (doublings >= 7)
        return longest_pause;
    int64_t pause = first_pause << doublings;
    return pause < longest_pause ? pause : longest_pause;
}
