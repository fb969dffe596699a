/*
 * What the files of this room share.
 */
#ifndef TALARIA_BASE_SETTING_SETTING_INTERNAL_H
#define TALARIA_BASE_SETTING_SETTING_INTERNAL_H

#include "base/setting/setting.h"

/* A value of an INT setting: text with a unit to a number in the row's unit, within its bounds
 * (22023), and back to text of at most `size` bytes with the largest unit that divides it. */
bool setting_parse_int(const SettingInfo *info, Text value, int64_t *number, Fault *fault);
void setting_show_int(const SettingInfo *info, int64_t number, char *out, size_t size);

/* Sets a custom setting: 42602 when the name is not identifiers with dots between them, 54000
 * when there is no more room. */
bool setting_custom_set(Settings *settings, Text name, Text value, Fault *fault);

#endif
