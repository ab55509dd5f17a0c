/* Each library is included by one module, which knows its version. */
#include "versions.h"

#include "admin.h"
#include "config.h"
#include "http_client.h"
#include "intake.h"

const struct library libraries[LIBRARIES] = {
    {"librdkafka", intake_library_version},
    {"libcurl", http_client_version},
    {"libconfig", config_library_version},
    {"libmicrohttpd", admin_library_version},
};
