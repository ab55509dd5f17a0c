/*
 * dvsync-simulation: runs seeds, in as many processes as asked, prints each seed that broke a promise, and ends with one line
 * "simulation: N passed, N failed". A failing seed is replayed by --seed N, which tells everything that happens.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulation.h"

struct options {
    uint64_t first;
    uint64_t count;
    long jobs;
    bool is_verbose;
};

static int
usage(void)
{
    fputs("usage: dvsync-simulation [--seeds N] [--first-seed N] [--jobs N] | --seed N\n"
          "  --seeds N       how many seeds to run (2000)\n"
          "  --first-seed N  from which one on (1)\n"
          "  --jobs N        in so many processes at once (one for each processor)\n"
          "  --seed N        one seed, and tell what happens\n",
          stderr);
    return 64;
}

static int
parse(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {{"seeds", required_argument, NULL, 'n'},
                                          {"first-seed", required_argument, NULL, 'f'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"seed", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        uint64_t number = optarg == NULL ? 0 : strtoull(optarg, NULL, 10);

        if (option == 'n')
            options->count = number;
        else if (option == 'f')
            options->first = number;
        else if (option == 'j')
            options->jobs = (long)number;
        else if (option == 's')
            *options = (struct options){number, 1, 1, true};
        else
            return -1;
    }
    return optind == argc && options->jobs > 0 ? 0 : -1;
}

/* Every jobs-th seed from ${offset} on; the number that failed, at most 255 as an exit status can say. */
static int
run_share(const struct options *options, uint64_t offset)
{
    int failed = 0;

    for (uint64_t i = offset; i < options->count; i += (uint64_t)options->jobs)
        failed += !simulation_run(options->first + i, options->is_verbose);
    return failed > 255 ? 255 : failed;
}

static uint64_t
run_all(const struct options *options)
{
    uint64_t failed = 0;
    int status;

    if (options->jobs == 1)
        return (uint64_t)run_share(options, 0);
    for (long i = 0; i < options->jobs; i++) {
        if (fork() == 0) {
            int share = run_share(options, (uint64_t)i);

            fflush(stdout);
            _exit(share);
        }
    }
    while (wait(&status) > 0)
        failed += WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 1;
    return failed;
}

int
main(int argc, char **argv)
{
    struct options options = {1, 2000, sysconf(_SC_NPROCESSORS_ONLN), false};
    uint64_t failed;

    if (parse(argc, argv, &options) != 0)
        return usage();
    failed = run_all(&options);
    printf("simulation: %llu passed, %llu failed\n", (unsigned long long)(options.count - failed),
           (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}
