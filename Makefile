# Builds, tests and installs dvsync; `make help` lists the targets.
#
# A new .c file needs no edit here: a directory is a library, and a program too where it holds a
# main.c. Which directory may include whose headers is the table SEES_* below: dependencies point
# one way, programs -> kafka -> core <- services, and all -> common.
#
# Nothing here needs a compiler or pkg-config while make reads this file: a target that installs
# what is missing does so first and then calls make again.

VERSION := 0.1.0
MODE ?= release
BUILD ?= build
PREFIX ?= /usr/local
WERROR ?= -Werror
OUT := $(BUILD)/$(MODE)
TOOLS := tests/tools

ifeq ($(MAKELEVEL),0)
# all processors, unless the command line says otherwise
MAKEFLAGS += --no-print-directory -j$(shell nproc 2>/dev/null || echo 1)
endif
ifneq ($(filter clean distclean test unit simulation mutants integration chaos asan fuzz bench demo lint,\
         $(MAKECMDGOALS)),)
# "make clean all" and "make unit lint" mean one after the other; what they call runs in parallel
.NOTPARALLEL:
endif
ifndef V
.SILENT:
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

say = printf '  %-7s %s\n' $(1) $(2)

# --- the walls: directories, and whose headers each may include -----------------------------------

LIBRARIES := common worker/core worker/feed worker/services worker/settings worker/kafka worker/shell
PROGRAMS := worker/consumer worker/producer worker/ctl
DOUBLES := tests/sandbox tests/simulation
everything := $(PROGRAMS) $(LIBRARIES) $(DOUBLES)

SEES_common := common
SEES_worker/core := common worker/core
SEES_worker/feed := common worker/core worker/feed
SEES_worker/services := common worker/core worker/services
SEES_worker/settings := common worker/core worker/services worker/settings
SEES_worker/kafka := common worker/core worker/feed worker/kafka
SEES_worker/shell := common worker/core worker/services worker/settings worker/kafka worker/shell
SEES_worker/consumer := $(LIBRARIES) worker/consumer
SEES_worker/producer := $(LIBRARIES) worker/producer
SEES_worker/ctl := $(LIBRARIES) worker/ctl
SEES_tests/sandbox := common tests/sandbox
SEES_tests/simulation := common worker/core worker/feed worker/services worker/settings $(DOUBLES)
SEES_other := $(everything)

NAME_worker/consumer := dvsync-worker
NAME_worker/producer := dvsync-producer
NAME_worker/ctl := dvsyncctl
NAME_tests/sandbox := dvsync-sandbox
NAME_tests/simulation := dvsync-simulation

# --- flags ----------------------------------------------------------------------------------------

PACKAGES := rdkafka libcurl json-c libconfig libmicrohttpd libcrypto
# asked once, and only when something is compiled
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS = $(eval PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PACKAGE_LIBS)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wundef -Wcast-qual -Wnull-dereference

SANITIZE := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_release := -g -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
                  -fstack-clash-protection
# the null checks that the sanitizers add make gcc see paths which are none
CFLAGS_asan := $(SANITIZE) -Wno-null-dereference
CFLAGS_fuzz := $(CFLAGS_asan) -fsanitize=fuzzer-no-link
CFLAGS ?= $(CFLAGS_$(MODE))
LDFLAGS ?= -Wl,-z,relro,-z,now
ifeq ($(MODE),fuzz)
CC := clang
endif

LANGUAGE := -std=c11 -D_GNU_SOURCE
COMPILE = $(CC) $(LANGUAGE) -fPIE $(WARNINGS) $(WERROR) $(CFLAGS)
LINK = $(CC) -pie -Wl,--as-needed $(CFLAGS) $(LDFLAGS)
LINK_LIBS = $(PACKAGE_LIBS) -lm $(LDLIBS)

# --- rules ----------------------------------------------------------------------------------------

objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard $(1)/*.c))
archive = $(OUT)/lib/$(subst /,-,$(1)).a
# archives of those of the directories $(1) that exist and hold more than a main.c
archives = $(foreach d,$(1),$(if $(filter-out %/main.c tests/unit/test_%,$(wildcard $(d)/*.c)),$(call archive,$(d))))
# for the source of a recipe; our own folders come first, since libraries too have a "json.h"
source_folder = $(patsubst %/,%,$(dir $*.c))
include_flags = $(addprefix -I,$(or $(SEES_$(source_folder)),$(SEES_other) $(source_folder))) \
                $(PACKAGE_CFLAGS)
grouped = -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# Everything is rebuilt when compiler, flags or version change. Before anything is built, what is
# missing is named, so that the compiler does not trip over it.
STAMP := $(OUT)/.flags
FLAGS_TEXT = $(VERSION) $(COMPILE) $(PACKAGE_CFLAGS) $(LINK) $(LINK_LIBS)
$(STAMP): FORCE check-packages
	mkdir -p $(@D)
	printf '%s\n' '$(FLAGS_TEXT)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_TEXT)' >$@

check-packages:
	$(TOOLS)/install-packages --check build

$(OUT)/%.o: %.c $(STAMP)
	mkdir -p $(@D)
	$(call say,CC,$<)
	$(COMPILE) -DDVSYNC_VERSION='"$(VERSION)"' $(include_flags) -MMD -MP -c -o $@ $<

# clang-tidy again only for what changed since it last had nothing to say; with the compiler's
# warnings, so that what passes builds with clang as well
$(OUT)/tidy/%.ok: $(OUT)/%.o .clang-tidy tests/.clang-tidy
	mkdir -p $(@D)
	$(call say,TIDY,$*.c)
	clang-tidy --quiet $*.c -- $(LANGUAGE) $(WARNINGS) -DDVSYNC_VERSION='""' $(include_flags) 2>/dev/null
	touch $@

# the folder is a prerequisite so that what was removed from it leaves the library too
define library_rule
$(call archive,$(1)): $(filter-out %/main.o $(OUT)/tests/unit/test_%,$(call objects,$(1))) $(1)
	mkdir -p $$(@D)
	rm -f $$@
	ar rcsD $$@ $$(filter %.o,$$^)
endef
$(foreach d,$(everything) tests/unit,$(eval $(call library_rule,$(d))))

# $(1): program, $(2): its main object, $(3): directories it is linked with, $(4): further libraries
define program_rule
$(OUT)/$(1): $(2) $(call archives,$(3))
	mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(LINK) -o $$@ $$(filter %.o,$$^) $$(grouped) $$(LINK_LIBS) $(4)
endef
present = $(foreach d,$(1),$(if $(wildcard $(d)/main.c),$(d)))
single = $(patsubst $(1)/%.c,%,$(wildcard $(1)/*.c))
main_rule = $(call program_rule,$(NAME_$(1)),$(OUT)/$(1)/main.o,$(1) $(2))

INSTALLED := $(foreach d,$(call present,$(PROGRAMS)),$(OUT)/$(NAME_$(d)))
SANDBOX := $(foreach d,$(call present,tests/sandbox),$(OUT)/$(NAME_$(d)))
SIMULATION := $(foreach d,$(call present,tests/simulation),$(OUT)/$(NAME_$(d)))
UNITS := $(addprefix $(OUT)/unit/,$(filter test_%,$(call single,tests/unit)))
BENCHES := $(addprefix $(OUT)/bench/,$(call single,tests/bench))
HELPERS := $(addprefix $(OUT)/,$(call single,$(TOOLS)))
FUZZERS := $(addprefix $(OUT)/fuzz/,$(call single,tests/fuzz))

TIDIED := $(patsubst %.c,$(OUT)/tidy/%.ok,$(wildcard $(addsuffix /*.c,$(everything) tests/unit \
    tests/bench tests/fuzz $(TOOLS))))

$(foreach d,$(PROGRAMS),$(eval $(call main_rule,$(d),$(LIBRARIES))))
$(eval $(call main_rule,tests/sandbox,common))
$(eval $(call main_rule,tests/simulation,$(LIBRARIES) tests/sandbox))
$(foreach t,$(UNITS),$(eval $(call program_rule,unit/$(notdir $(t)),\
    $(OUT)/tests/unit/$(notdir $(t)).o,tests/unit $(everything),-lcmocka)))
$(foreach t,$(BENCHES),$(eval $(call program_rule,bench/$(notdir $(t)),\
    $(OUT)/tests/bench/$(notdir $(t)).o,$(everything))))
$(foreach t,$(HELPERS),$(eval $(call program_rule,$(notdir $(t)),\
    $(OUT)/$(TOOLS)/$(notdir $(t)).o)))
$(foreach t,$(FUZZERS),$(eval $(call program_rule,fuzz/$(notdir $(t)),\
    $(OUT)/tests/fuzz/$(notdir $(t)).o,$(everything),-fsanitize=fuzzer)))

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# --- targets for people ---------------------------------------------------------------------------

.PHONY: FORCE check-packages help all programs test unit simulation mutants integration chaos lint format asan fuzz bench demo \
        install clean distclean
FORCE:

help:
	printf '%s\n' \
	 'make              the programs, under $(OUT)/' \
	 'make demo         a tour on this machine, without any account; BROKER=kafka: on Apache Kafka' \
	 'make test         unit, simulation and integration, with one closing line' \
	 'make unit         unit tests' \
	 'make simulation   the core under a virtual clock; SEEDS=2000 FIRST_SEED=1' \
	 'make integration  whole processes against Apache Kafka; KAFKA_VERSION=4.1.0 PYTEST="-k name"' \
	 'make mutants      deliberate defects that the simulation must find; MUTANT="words of its name"' \
	 'make chaos        everything fails at once on three brokers, nothing is lost; DURATION_S=60 SEED=1' \
	 'make asan         unit tests and simulation with address and undefined behaviour sanitizers' \
	 'make fuzz         each parser under libFuzzer for FUZZ_SECONDS=60' \
	 'make bench        measurements; BENCH_JSON=file, BENCH=long' \
	 'make lint         style, sizes, walls, static analysis' \
	 'make format       lays the C code out as make lint wants it' \
	 'make install      dvsync-worker and dvsync-producer, under DESTDIR and PREFIX=$(PREFIX)' \
	 'make clean        removes what was built; distclean: what was downloaded as well' \
	 '' \
	 'test, demo, lint and their parts first install the Debian packages they miss (with sudo).' \
	 'V=1 shows the commands, MODE=asan builds with sanitizers, CC=clang chooses the compiler.'

all: programs
programs: $(INSTALLED) $(SANDBOX)

install: $(INSTALLED)
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(INSTALLED) '$(DESTDIR)$(PREFIX)/bin'

clean:
	rm -rf $(BUILD)
distclean: clean
	rm -rf .cache

# --- targets that install what they need, then build, then run ------------------------------------

SEEDS ?= 2000
FIRST_SEED ?= 1
FUZZ_SECONDS ?= 60
DURATION_S ?= 60
SEED ?= 1
BROKER ?= mock
KAFKA_VERSION ?= 4.1.0
export KAFKA_VERSION PYTEST BENCH BENCH_JSON

packages = $(TOOLS)/install-packages
run_tests = $(TOOLS)/run-tests --build $(OUT) --seeds $(SEEDS) --first-seed $(FIRST_SEED)

test:
	$(packages) build test kafka
	+$(MAKE) programs unit-programs simulation-program helpers
	$(run_tests) unit simulation integration

unit:
	$(packages) build test
	+$(MAKE) unit-programs
	$(run_tests) unit

simulation:
	$(packages) build test
	+$(MAKE) simulation-program
	$(run_tests) simulation

mutants:
	$(packages) build test
	$(TOOLS)/run-mutants --build $(BUILD)/mutants $(MUTANT)

integration:
	$(packages) build test kafka
	+$(MAKE) programs helpers
	$(run_tests) integration

chaos:
	$(packages) build test kafka
	+$(MAKE) programs helpers
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/chaos
	DVSYNC_BUILD=$(OUT) tests/chaos/run --duration $(DURATION_S) --seed $(SEED)

asan:
	$(packages) build test
	+$(MAKE) MODE=asan unit-programs simulation-program
	$(TOOLS)/run-tests --build $(BUILD)/asan --seeds 200 --first-seed $(FIRST_SEED) unit simulation

fuzz:
	$(packages) build fuzz
	+$(MAKE) MODE=fuzz fuzz-programs
	$(TOOLS)/run-fuzzers $(BUILD)/fuzz $(FUZZ_SECONDS)

bench:
	$(packages) build bench kafka
	+$(MAKE) programs helpers bench-programs
	DVSYNC_BUILD=$(OUT) tests/bench/run

demo:
	$(packages) build demo $(filter kafka,$(BROKER))
	+$(MAKE) programs helpers
	DVSYNC_BUILD=$(OUT) BROKER=$(BROKER) tests/demo/run

lint:
	$(packages) build test lint
	+$(MAKE) programs
	+status=0; $(MAKE) -k tidy || status=1; $(TOOLS)/lint --build $(OUT) || status=1; exit $$status

format:
	$(packages) lint
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format -i

.PHONY: unit-programs simulation-program helpers bench-programs fuzz-programs tidy
unit-programs: $(UNITS)
simulation-program: $(SIMULATION)
helpers: $(HELPERS)
bench-programs: $(BENCHES)
fuzz-programs: $(FUZZERS)
tidy: $(TIDIED)
