#ifndef SERVICES_SCENE_H
#define SERVICES_SCENE_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"
#include "model_fixture.h"
#include "services.h"

/*
 * Calls of worker/services against the double: what the two sides hold of Microsoft's APIs was
 * written down twice, and must agree. The world is that of model_fixture.h, with a call in it.
 */

/* Names that the scene's environment knows a unit and a role by. */
#define UNIT_NAME "O'Hara & Söhne"
#define ROLE_NAME "Reader"

/* The double with its world, and a call with all that it borrows. */
struct scene {
    struct fixture *fixture;
    struct services services;
    struct environment environment;
    struct identity identity;
    struct call call;
    struct guid ids[3];
    struct guid unit;
    struct source_item items[3];
    bool is_member[2];
    struct value values[2];
    struct column_write writes[2];
    char etag[ETAG_BYTES];
};

/* Each test's setup and teardown; *state is a struct scene. At its end no row was made or touched
 * against the rules, and no request was malformed. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* A fresh call; results of the one before are freed. */
struct call *scene_begin(struct scene *scene, enum call_kind kind);

/* Builds the call, lets the double answer, and reads; with ${token}, or the token for ${service}. */
void scene_make(struct scene *scene, const char *token);
void scene_make_with(struct scene *scene, enum model_service service);

void scene_expect(const struct scene *scene, enum verdict verdict, const char *reason);

/* Looks for Ada, Bob and nobody. */
void scene_look(struct scene *scene, bool wants_roles);

/* Bob's row as it is now; its ETag is kept for the calls that follow. */
const struct row *scene_look_at_bob(struct scene *scene, bool wants_roles);

#endif
