# Adjoin: `make` builds build/adjoin; `make demo` and `make test` also install what is missing first.
#
#   make            the program                          make demo      install, build, run the example of the README
#   make deps       install missing Debian packages      make test      install, build, run every test
#   make bench      compile times and run times          make install   program, library, manual, completion into PREFIX
#   make clean      remove build/                        make uninstall what make install put there
#   make format     clang-format over our own files
#
# SANITIZE=1 builds into build/sanitize/ with the address and undefined-behaviour sanitizers, SANITIZE=thread into
# build/thread/ with that for threads; CHECKED=1 verifies the kernel program after every pass.

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
OBJCOPY ?= objcopy
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
B := build

STANDARD := -std=c11 -D_POSIX_C_SOURCE=200809L
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
OPTIMISE := -O2 -g
ifeq ($(SANITIZE),thread)
B := build/thread
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
else ifdef SANITIZE
B := build/sanitize
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
CHECKED := 1
endif
CPPFLAGS := $(STANDARD) -I. -I$(B) -Iruntime/library $(if $(CHECKED),-DADJOIN_CHECKED)
CFLAGS := $(OPTIMISE) $(WARNINGS) -fPIC -fvisibility=hidden
LINEAR_ALGEBRA := -llapacke -lopenblas
LIBRARIES := $(LINEAR_ALGEBRA) -ljansson -lzip -lpthread -lm

# ---- sources, in the order in which a model passes through them --------------------------------------------------

PIPELINE := compiler/base grammar compiler/syntax compiler/scalar compiler/tensor compiler/kernel \
            compiler/derivative compiler/optimise compiler/emit compiler/jit compiler/binding compiler/problem
sources = $(sort $(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(B)/%.o,$(1))

GENERATED := $(B)/grammar/program.o $(B)/grammar/tokens.o
COMPILER := $(foreach folder,$(PIPELINE),$(call objects,$(call sources,$(folder)))) $(GENERATED) \
            $(call objects,$(filter-out compiler/main.c,$(call sources,compiler))) $(B)/libtcc.o
LIBRARY := $(call objects,$(call sources,compiler/library)) $(B)/runtime/library/run.o
RUNTIME := $(call objects,$(call sources,runtime) $(call sources,runtime/minimise) $(call sources,runtime/implicit))
COMMANDS := $(call objects,$(call sources,compiler/cli) compiler/main.c)

RUNNER := $(call objects,$(call sources,tests/runner) $(call sources,tests/fuzz))
ORACLE := $(call objects,$(call sources,tests/oracle))
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(call sources,tests/unit))
BENCH := $(call objects,$(call sources,tests/bench) $(filter-out tests/runner/main.c,$(call sources,tests/runner)) $(call sources,tests/fuzz))

.PHONY: all deps demo test check bench install uninstall clean format documents programs_for_tests \
        programs_for_thread_tests programs_for_bench
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/adjoin $(foreach name,libadjoin libadjoin_runtime,$(B)/$(name).a $(B)/$(name).so)

$(B)/adjoin: $(COMMANDS) $(COMPILER) $(RUNTIME)
	@echo "link   $@"
	@$(CC) $(OPTIMISE) -o $@ $^ $(LIBRARIES)

# Every pass's result is verified in what the tests run: there session.c alone is compiled once more.
$(B)/tests/session_checked.o: compiler/session.c | $(B)/packages-found
	$(compile) -DADJOIN_CHECKED
CHECKED_COMPILER = $(filter-out $(B)/compiler/session.o,$(COMPILER)) $(B)/tests/session_checked.o

$(B)/tests/run: $(RUNNER) $(ORACLE) $(CHECKED_COMPILER) $(RUNTIME)
	@echo "link   $@"
	@$(CC) $(OPTIMISE) -o $@ $^ $(LIBRARIES)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/tests/fuzz/long_model.o $(ORACLE) $(LIBRARY) $(B)/runtime/library/problem.o \
                    $(CHECKED_COMPILER) $(RUNTIME)
	@echo "link   $@"
	@$(CC) $(OPTIMISE) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ -lcunit $(LIBRARIES)
$(B)/tests/unit/library_memory_test: WRAPPED := malloc calloc realloc free mmap munmap newlocale fdopen
$(B)/tests/unit/minimise_memory_test: WRAPPED := malloc calloc free
$(B)/tests/unit/implicit_memory_test: WRAPPED := malloc calloc free

# The program as it is, but for a wrong line that is added to what libtcc gets.
$(B)/tests/refusing_adjoin: $(COMMANDS) $(COMPILER) $(RUNTIME) $(B)/tests/cli/refusing_jit.o
	@echo "link   $@"
	@$(CC) $(OPTIMISE) -Wl,--wrap=jit_compile -o $@ $^ $(LIBRARIES)

$(B)/tests/bench/measure: $(BENCH) $(ORACLE) $(LIBRARY) $(COMPILER) $(RUNTIME)
	@echo "link   $@"
	@$(CC) $(OPTIMISE) -o $@ $^ $(LIBRARIES)

# ---- libadjoin, libadjoin_runtime --------------------------------------------------------------------------------

# Static or shared, each is made of one object whose only global names are those of its header; libtcc is inside
# libadjoin. The solvers are in both.
VERSION = $(shell sed -n 's/^\#define ADJOIN_VERSION "\(.*\)"$$/\1/p' runtime/library/adjoin_minimise.h)
MAJOR = $(firstword $(subst ., ,$(VERSION)))
IMPLICIT := $(call objects,runtime/implicit.c runtime/dense_eigen.c $(call sources,runtime/implicit))
SOLVERS := $(call objects,$(addprefix runtime/,free_set.c dense.c initial_weights.c hash.c minimise.c) \
                           $(call sources,runtime/minimise))

$(B)/libadjoin.o: $(LIBRARY) $(COMPILER) $(SOLVERS) $(IMPLICIT) \
                  $(call objects,runtime/kernel_problem.c runtime/file.c runtime/array_error.c)
$(B)/libadjoin_runtime.o: $(SOLVERS) $(call objects,$(call sources,runtime/library))
$(B)/libadjoin.o $(B)/libadjoin_runtime.o:
	@echo "fold   $@"
	@$(LD) -r -o $@ $^
	@$(OBJCOPY) --wildcard --keep-global-symbol='adjoin_*' $@
$(B)/%.a: $(B)/%.o
	@rm -f $@
	@$(AR) rcsD $@ $<
$(B)/%.so: $(B)/%.o
	@$(CC) $(OPTIMISE) -shared -Wl,-soname,$(@F).$(MAJOR) -Wl,--no-undefined -o $@ $< $(LINEAR_ALGEBRA) -lpthread -lm

# ---- how a file is made ------------------------------------------------------------------------------------------

define compile
@mkdir -p $(@D)
@echo "cc     $<"
@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<
endef

$(B)/%.o: %.c | $(B)/packages-found
	$(compile)

# libtcc as one object that can be part of a shared library: compiler/jit/libtcc_host.c says why, and what stands for the
# parts of the C library that it must not use. Its variables lie between two names.
LIBTCC_HOST := stdout stderr environ malloc calloc realloc free exit
LIBTCC_HOST += dlopen dlsym dlclose
LIBTCC_HOST += printf fprintf vfprintf __printf_chk __fprintf_chk __vfprintf_chk puts putchar fputs fputc fwrite fflush
LIBTCC_USED := new delete set_error_func set_output_type set_options compile_string add_symbol relocate get_symbol list_symbols
$(B)/libtcc.o: Makefile | $(B)/packages-found
	@echo "fold   $@"
	@$(LD) -r -o $@ --whole-archive $$($(CC) -print-file-name=libtcc.a)
	@size=$$(size -A $@ | awk '$$1 == ".bss" { print $$2 }'); \
	$(OBJCOPY) $(foreach name,$(LIBTCC_HOST),--redefine-sym $(name)=libtcc_host_$(name)) \
	  --redefine-sym __assert_fail=libtcc_host_assert_fail $(addprefix --keep-global-symbol=tcc_,$(LIBTCC_USED)) \
	  --add-symbol libtcc_variables=.bss:0,global --add-symbol libtcc_variables_end=.bss:$$size,global \
	  --keep-global-symbol=libtcc_variables --keep-global-symbol=libtcc_variables_end $@

# What flex and bison write is not ours to keep free of warnings.
$(GENERATED): CFLAGS := $(OPTIMISE) -w -fPIC -fvisibility=hidden
$(B)/grammar/%.o: $(B)/grammar/%.c
	$(compile)

# A pattern with two targets is one run for both of them.
$(B)/grammar/%.c $(B)/grammar/%.h: grammar/%.y | $(B)/packages-found
	@mkdir -p $(@D)
	@echo "bison  $<"
	@bison -Wall -Werror --defines=$(basename $@).h --output=$(basename $@).c $<
$(B)/grammar/%.c $(B)/grammar/%.h: grammar/%.l | $(B)/packages-found
	@mkdir -p $(@D)
	@echo "flex   $<"
	@flex --header-file=$(basename $@).h --outfile=$(basename $@).c $<
$(call objects,$(call sources,grammar)) $(GENERATED): | $(B)/grammar/program.h $(B)/grammar/tokens.h

# Templates of C or Python text, as the lines of an array of strings.
define lines_as_strings
@mkdir -p $(@D)
@sed 's/[\\"]/\\&/g; s/.*/"&\\n",/' $< >$@
endef
$(B)/%.inc: %.c.in | $(B)/packages-found
	$(lines_as_strings)
$(B)/%.inc: %.py.in | $(B)/packages-found
	$(lines_as_strings)
# The functions of searches as one text, and the same for single precision, as emission writes it.
$(B)/compiler/emit/search.h: $(sort $(wildcard runtime/search*.h)) | $(B)/packages-found
	@mkdir -p $(@D)
	@awk '/^#include "runtime\//{split($$0, part, "\""); while ((getline line <part[2]) > 0) print line; next} {print}' \
	  runtime/search.h >$@
$(B)/compiler/emit/search.inc: $(B)/compiler/emit/search.h
	$(lines_as_strings)
$(B)/runtime/search_float.h: $(B)/compiler/emit/search.h
	@mkdir -p $(@D)
	@sed 's/adjoin_search/&_float/g; s/ADJOIN_SEARCH/&_FLOAT/g; s/double/float/g; s/DBL_/FLT_/g' $< >$@
$(B)/compiler/emit/search.o: | $(B)/compiler/emit/search.inc
$(B)/compiler/emit/search.o $(B)/compiler/jit/jit_tcc.o: | $(B)/runtime/search_float.h
$(B)/compiler/emit/emit_python.o: | $(addprefix $(B)/compiler/emit/python_,library.inc arrays.inc model.inc)
$(B)/compiler/emit/self_test.o: | $(B)/compiler/emit/self_test_declarations.inc $(B)/compiler/emit/self_test_program.inc

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- what the program itself writes: manual pages, completion ------------------------------------------------------

documents: $(B)/man/adjoin.1

$(B)/man/adjoin.1: $(B)/adjoin
	@echo "write  $(B)/man, $(B)/completion"
	@mkdir -p $(B)/man $(B)/completion
	@for command in $$($< help commands | cut -d ' ' -f 1); do \
	  $< help --man $$command >$(B)/man/adjoin-$$command.1 || exit; done
	@for shell in bash zsh; do $< help --completion=$$shell >$(B)/completion/adjoin.$$shell || exit; done
	@$< help --man >$@

# ---- Debian packages ---------------------------------------------------------------------------------------------

# package=what it must provide: a command, a header, a library to link, or a module of Debian's Python
BUILD_PACKAGES := gcc=gcc libc6-dev=stdio.h flex=flex bison=bison libtcc-dev=libtcc.h libjansson-dev=jansson.h \
                  libzip-dev=zip.h liblapacke-dev=lapacke.h libopenblas-serial-dev=-lopenblas
TEST_PACKAGES := g++=g++ libcunit1-dev=CUnit/CUnit.h groff-base=groff cmake=cmake ninja-build=ninja meson=meson \
                 pkg-config=pkg-config python3=/usr/bin/python3 python3-numpy=import:numpy valgrind=valgrind
BENCH_PACKAGES := python3-scipy=import:scipy

# Sets the shell variable `missing` to the packages of $(1) whose product is absent.
define find_missing
missing=; for entry in $(1); do package=$${entry%%=*}; product=$${entry#*=}; case $$product in \
  *.h) echo "#include <$$product>" | $(CC) -E -x c - >/dev/null 2>&1 || missing="$$missing $$package" ;; \
  -l*) case $$($(CC) -print-file-name=lib$${product#-l}.so) in /*) ;; *) missing="$$missing $$package" ;; esac ;; \
  import:*) /usr/bin/python3 -c "import $${product#*:}" 2>/dev/null || missing="$$missing $$package" ;; \
  *) command -v "$$product" >/dev/null 2>&1 || missing="$$missing $$package" ;; esac; done
endef

$(B)/packages-found:
	@mkdir -p $(@D)
	@$(call find_missing,$(BUILD_PACKAGES)); if [ -n "$$missing" ]; then \
	  echo "adjoin: missing Debian packages:$$missing; 'make deps' installs them" >&2; exit 1; fi
	@touch $@

deps:
	@$(call find_missing,$(BUILD_PACKAGES) $(TEST_PACKAGES)); if [ -n "$$missing" ]; then \
	  echo "installing with apt-get:$$missing"; \
	  root=; if [ "$$(id -u)" != 0 ]; then root=sudo; fi; \
	  $$root apt-get update -qq && \
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi

# ---- what a person asks for --------------------------------------------------------------------------------------

demo: deps
	@$(MAKE) --no-print-directory all
	@examples/demo $(B)/adjoin

test: deps
	@$(MAKE) --no-print-directory all programs_for_tests
	@$(MAKE) --no-print-directory SANITIZE=1 all programs_for_tests
	@$(MAKE) --no-print-directory SANITIZE=thread programs_for_thread_tests
	@tests/suite

programs_for_tests: $(B)/tests/run $(B)/tests/refusing_adjoin $(UNIT)
programs_for_thread_tests: $(addprefix $(B)/tests/unit/,library_threads_test runtime_library_test)

bench: TEST_PACKAGES += $(BENCH_PACKAGES)
bench: deps
	@$(MAKE) --no-print-directory all programs_for_bench
	@tests/bench/bench

programs_for_bench: $(B)/tests/bench/measure

# What goes where is told in compiler/install/files.
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export LIBDIR := $(LIBDIR)
install uninstall: export DESTDIR := $(DESTDIR)
install: export BUILD := $(B)
install: export VERSION := $(VERSION)
install: export MAJOR := $(MAJOR)
install: all documents
	@compiler/install/place
uninstall:
	@compiler/install/remove

clean:
	rm -rf build

format:
	clang-format -i $$(find compiler runtime tests examples -name '*.[ch]')
