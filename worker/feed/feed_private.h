#ifndef FEED_PRIVATE_H
#define FEED_PRIVATE_H

#include "core.h"
#include "dispatch.h"
#include "engine.h"
#include "watch.h"

/* What the files of this folder share; nobody outside sees it. */

struct json_parser;
struct lane;

struct feed {
    struct feed_setup setup;
    struct engine_settings core_settings; /* of which lanes and tokens need but a few */
    struct core core;
    struct lane *lane;
    struct json_parser *parser; /* of states */
    char *base;                 /* where links may lead: ".../v1.0/groups" */
    struct dispatch dispatch;
    struct watch *watches; /* parallel to setup.groups */
    bool is_leading;
};

#endif
