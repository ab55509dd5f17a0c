/* Each library is included by one module, which knows its version. */
#include "versions.h"

#include <stddef.h>

#include "admin.h"
#include "config.h"
#include "http_client.h"
#include "intake.h"
#include "json.h"
#include "metrics.h"

/* The first ones are labels of dvsync_build_info. */
const struct library libraries[LIBRARIES] = {
    {"librdkafka", intake_library_version}, {"libcurl", http_client_version},
    {"libconfig", config_library_version},  {"libmicrohttpd", admin_library_version},
    {"json-c", json_library_version},       {"tls", http_client_tls_version},
};

/* A family has room for so many libraries beside our own version. */
enum { LIBRARIES_SHOWN = METRICS_MAX_LABELS - 1 };
_Static_assert((int)LIBRARIES_SHOWN <= (int)LIBRARIES, "labels without a library");

/* Constant, and so set once. */
int
versions_declare(struct metrics *metrics)
{
    static const char *labels[METRICS_MAX_LABELS + 1] = {"version"};
    const char *values[METRICS_MAX_LABELS] = {DVSYNC_VERSION};
    struct metric_family *family;

    for (int i = 0; i < LIBRARIES_SHOWN; i++) {
        labels[i + 1] = libraries[i].name;
        values[i + 1] = libraries[i].version();
    }
    family = metrics_family(metrics, METRIC_GAUGE, "dvsync_build_info",
                            "1; the versions are in the labels", labels, NULL);
    if (family == NULL)
        return -1;
    metric_set(metric_series(family, values), 1);
    return 0;
}
