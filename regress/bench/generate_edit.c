/* The model of edits: vocabulary, draws. Lines are written in generate_line.c. */
#include "regress/bench/generate_edit.h"

#include "regress/bench/generate_words.h"

#include <math.h>
#include <stddef.h>

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Channel k of the list has a weight of 1 / k^1.1; a page's hash then decides. */
static void share_out_channels(EditModel *model)
{
    double total = 0, reached = 0;
    for (size_t i = 0; i < LENGTH(channels); i++)
        total += pow((double)i + 1, -1.1);
    size_t slot = 0;
    for (size_t i = 0; i < LENGTH(channels); i++) {
        reached += pow((double)i + 1, -1.1);
        while (slot < CHANNEL_SLOTS && (double)slot < reached / total * CHANNEL_SLOTS)
            model->channel_of[slot++] = (unsigned char)i;
    }
}

void edit_model_init(EditModel *model, uint64_t rows)
{
    *model = (EditModel){
        .pages = zipf_make(0.75, rows / 2 + 100),
        .people = zipf_make(0.95, rows / 12 + 50),
        .robots = zipf_make(1.15, 300),
        .addresses = zipf_make(0.4, rows / 40 + 20),
        .robot_comments = zipf_make(1.1, rows / 20 + 50),
    };
    share_out_channels(model);
}

static bool one_in(uint64_t chances)
{
    return random_below(chances) == 0;
}

static bool percent(uint64_t share)
{
    return random_below(100) < share;
}

/* `count` words that follow from the number, capitalised when ASCII, then the number itself. */
static void add_name(Text *text, uint64_t number, int count)
{
    uint64_t bits = random_of(number);
    for (int i = 0; i < count; i++) {
        const char *word = words[bits % LENGTH(words)];
        char capital[2] = {word[0] >= 'a' && word[0] <= 'z' ? (char)(word[0] - 'a' + 'A') : '\0',
                           '\0'};
        bits /= LENGTH(words);
        text_add(text, i > 0 ? " " : "");
        text_add(text, capital);
        text_add(text, capital[0] != '\0' ? word + 1 : word);
    }
    text_add(text, " ");
    text_add_number(text, (int64_t)number);
}

static void draw_page(const EditModel *model, Edit *edit)
{
    uint64_t number = zipf_draw(&model->pages), bits = random_of(number * 2 + 1);
    edit->channel = channels[model->channel_of[bits % CHANNEL_SLOTS]];
    bits /= CHANNEL_SLOTS;
    /* of pages outside "Main", half are in the first six namespaces */
    uint64_t elsewhere = bits / 4 % (bits / 1024 % 2 == 0 ? 6 : LENGTH(namespaces) - 1);
    edit->namespace = namespaces[bits % 4 != 0 ? 0 : 1 + elsewhere];
    text_clear(&edit->page);
    if (bits % 4 == 0) {
        text_add(&edit->page, edit->namespace);
        text_add(&edit->page, ":");
    }
    add_name(&edit->page, number, 1 + (int)(bits / 2048 % 3));
}

static void draw_user(const EditModel *model, Edit *edit)
{
    text_clear(&edit->user);
    if (edit->is_robot) {
        add_name(&edit->user, zipf_draw(&model->robots), 1);
        text_add(&edit->user, "Bot");
    } else if (edit->is_anonymous) {
        uint64_t address = random_of(zipf_draw(&model->addresses));
        for (int i = 0; i < 4; i++, address >>= 8) {
            text_add(&edit->user, i > 0 ? "." : "");
            text_add_number(&edit->user, (int64_t)(address % 223 + 1));
        }
    } else {
        add_name(&edit->user, zipf_draw(&model->people), 1);
    }
}

/* One of a few hundred thousand sayings, the first ones most of the time. */
static void draw_robot_comment(const EditModel *model, Edit *edit)
{
    uint64_t number = zipf_draw(&model->robot_comments) - 1;
    const char *pattern = robot_comments[number % LENGTH(robot_comments)];
    for (char one[2] = {0}; *pattern != '\0'; pattern++) {
        one[0] = *pattern;
        if (*pattern == '%')
            add_name(&edit->comment, number, 2);
        else
            text_add(&edit->comment, one);
    }
}

static void draw_person_comment(Edit *edit)
{
    if (percent(40)) {
        text_add(&edit->comment, "/* ");
        add_name(&edit->comment, random_below(5000), 1 + (int)random_below(3));
        text_add(&edit->comment, " */ ");
    }
    if (percent(8)) {
        text_add(&edit->comment, "Undid revision ");
        text_add_number(&edit->comment, 600000000 + (int64_t)random_below(80000000));
        text_add(&edit->comment, " by [[Special:Contributions/");
        add_name(&edit->comment, random_below(100000), 1);
        text_add(&edit->comment, "]]");
        return;
    }
    uint64_t count = percent(2) ? 20 + random_below(40) : random_below(9);
    bool is_quoted = percent(6), has_comma = percent(15);
    for (uint64_t i = 0; i < count; i++) {
        text_add(&edit->comment, i == 0 ? "" : has_comma && i % 4 == 3 ? ", " : " ");
        text_add(&edit->comment, is_quoted && i == 0 ? "\"" : "");
        text_add(&edit->comment, words[random_below(LENGTH(words))]);
        text_add(&edit->comment, is_quoted && i + 1 == count ? "\"" : "");
    }
}

static void draw_place(Edit *edit)
{
    edit->country_code = edit->country = edit->region_code = edit->region = edit->city = NULL;
    if (!edit->is_anonymous)
        return;
    double skew = random_uniform();
    skew *= random_uniform();
    const Country *country = &countries[(size_t)(skew * LENGTH(countries))];
    edit->country_code = country->code;
    edit->country = country->name;
    if (percent(45))
        return;
    uint64_t number = random_below(12);
    edit->region_code =
        region_codes[random_of((uint64_t)country->code[0] + number) % LENGTH(region_codes)];
    edit->region = regions[number];
    if (one_in(8))
        return;
    uint64_t city = random_below(9);
    edit->city = city == 0 ? country->capital : cities[(number + city) % LENGTH(cities)];
}

static int64_t draw_size(double middle, double spread)
{
    return (int64_t)exp(middle + spread * random_normal());
}

void edit_draw(const EditModel *model, Edit *edit)
{
    edit->is_robot = percent(39);
    edit->is_anonymous = !edit->is_robot && percent(16);
    edit->is_new = percent(6);
    edit->is_minor = percent(edit->is_robot ? 75 : 24);
    edit->is_unpatrolled = percent(15);
    draw_page(model, edit);
    draw_user(model, edit);
    text_clear(&edit->comment);
    if (edit->is_robot)
        draw_robot_comment(model, edit);
    else
        draw_person_comment(edit);
    draw_place(edit);
    edit->added = percent(76) ? draw_size(3.4, 1.9) : 0;
    edit->deleted = edit->added == 0 || percent(4) ? draw_size(2.5, 2.0) : 0;
    edit->revision = 680000000 + (int64_t)random_below(90000000);
    edit->parent_revision = edit->revision - 10000 - (int64_t)random_below(2000000);
}
