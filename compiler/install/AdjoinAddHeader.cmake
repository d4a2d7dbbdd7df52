# A model as a header of a target, made when the target is built:
#
#   adjoin_add_header(target model.adj
#     [OUTPUT NAME]       what is included, "NAME.h", also with folders in front; else the model file's name
#     [PREFIX PREFIX]     what every C name begins with; else the model's name
#     [OF value grad ..]  which functions: value grad hvp mixed jvp vjp problem (for Adjoin::runtime)
#     [WRT x y ..]        derivatives with respect to these
#     [DIM n=10 ..]       extents that are fixed
#     [REAL float]        double or float
#     [TARGET c]          header: one file, of which one source of the target defines PREFIX_IMPLEMENTATION (in capitals);
#                         c: declarations in NAME.h, and NAME.c, which is compiled into the target
#     [OPTIONS --lines ..] further options of `adjoin emit`
#     [PUBLIC])           what links with the target sees the header as well
#
# The target may be made in another directory (with TARGET c since CMake 3.18); an interface library gives its header to what links with it. The header is
# made again when the model, what the model is made of, or the compiler changes, and only a header that differs has its
# includers compiled again (under Makefiles: any that was made again).

# The values of a keyword as options of `adjoin emit`: as one option with `between` between them, or else as one each.
function(_adjoin_options result option between)
  set(options)
  if(ARGN)
    if(between STREQUAL "")
      foreach(value IN LISTS ARGN)
        list(APPEND options "${option}=${value}")
      endforeach()
    else()
      string(REPLACE ";" "${between}" value "${ARGN}")
      list(APPEND options "${option}=${value}")
    endif()
  endif()
  set(${result} "${options}" PARENT_SCOPE)
endfunction()

# Where the model is: an absolute path. It must exist, or be made by another rule.
function(_adjoin_find_model result model)
  get_filename_component(path "${model}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  get_filename_component(built "${model}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  get_source_file_property(path_is_generated "${path}" GENERATED)
  get_source_file_property(built_is_generated "${built}" GENERATED)
  if(NOT EXISTS "${path}" AND NOT path_is_generated)
    if(NOT built_is_generated)
      message(FATAL_ERROR "adjoin_add_header: there is no model ${path}")
    endif()
    set(path "${built}")
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

# The rule that makes `outputs`, the header first, of `model`.
function(_adjoin_add_rule model outputs)
  list(GET outputs 0 header)
  get_target_property(compiler Adjoin::compiler IMPORTED_LOCATION)
  get_filename_component(name "${header}" NAME)
  get_filename_component(model_name "${model}" NAME)
  set(depends "${model}" "${compiler}")
  set(command COMMAND "${compiler}" emit "${model}" -o "${header}" ${ARGN})
  set(depfile)
  # Since 3.20 CMake translates the paths in the file for ninja and for make.
  if(NOT CMAKE_VERSION VERSION_LESS 3.20 AND CMAKE_GENERATOR MATCHES "Ninja|Makefiles")
    list(APPEND command -MD -MF "${header}.d")
    set(depfile DEPFILE "${header}.d")
  endif()
  # An output that would not change keeps its time. Ninja looks; others would make it again for ever.
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    list(APPEND command COMMAND "${CMAKE_COMMAND}" -E touch ${outputs})
  endif()
  add_custom_command(OUTPUT ${outputs} ${command} DEPENDS ${depends} ${depfile}
    COMMENT "Deriving ${name} from ${model_name}" VERBATIM)
endfunction()

# Gives the target the include directory, the mathematical library, and the source if there is one.
function(_adjoin_use target directory source public)
  get_target_property(type ${target} TYPE)
  set(sees PRIVATE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(sees INTERFACE)
  elseif(public)
    set(sees PUBLIC)
  endif()
  target_include_directories(${target} ${sees} "$<BUILD_INTERFACE:${directory}>")
  # By properties, since the target's author may write target_link_libraries with or without keywords, but not both.
  if(UNIX)
    if(NOT sees STREQUAL "INTERFACE")
      set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES m)
    endif()
    if(NOT type STREQUAL "EXECUTABLE")
      set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES m)
    endif()
  endif()
  if(source)
    target_sources(${target} PRIVATE "${source}")
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(properties GENERATED TRUE)
    if(NOT "C" IN_LIST languages)
      list(APPEND properties LANGUAGE CXX)
    endif()
    set_source_files_properties("${source}" PROPERTIES ${properties})
    get_target_property(home ${target} SOURCE_DIR)
    if(NOT CMAKE_VERSION VERSION_LESS 3.18)
      set_source_files_properties("${source}" TARGET_DIRECTORY ${target} PROPERTIES ${properties})
    elseif(NOT home STREQUAL CMAKE_CURRENT_SOURCE_DIR)
      message(FATAL_ERROR "adjoin_add_header: before CMake 3.18 a source (TARGET c) can't be given to '${target}' from another directory than ${home}")
    endif()
  endif()
endfunction()

function(adjoin_add_header target model)
  cmake_parse_arguments(PARSE_ARGV 2 given "PUBLIC" "OUTPUT;PREFIX;REAL;TARGET" "OF;WRT;DIM;OPTIONS")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "adjoin_add_header: there is no target '${target}'; make it first, with add_executable or add_library")
  endif()
  if(given_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "adjoin_add_header: what is '${given_UNPARSED_ARGUMENTS}'? It takes OUTPUT, PREFIX, OF, WRT, DIM, REAL, TARGET, OPTIONS, PUBLIC")
  endif()
  if(given_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "adjoin_add_header: nothing stands behind ${given_KEYWORDS_MISSING_VALUES}")
  endif()
  if(given_TARGET AND NOT given_TARGET MATCHES "^(header|c)$")
    message(FATAL_ERROR "adjoin_add_header: TARGET is header or c, not '${given_TARGET}'")
  endif()
  get_target_property(type ${target} TYPE)
  if(given_TARGET STREQUAL "c" AND type STREQUAL "INTERFACE_LIBRARY")
    message(FATAL_ERROR "adjoin_add_header: '${target}' is an interface library, which compiles nothing: TARGET c is not for it")
  endif()

  _adjoin_find_model(path "${model}")
  set(name "${given_OUTPUT}")
  if(NOT name)
    get_filename_component(name "${path}" NAME_WLE)
  endif()
  string(REGEX REPLACE "\\.[hc]$" "" name "${name}")
  if(IS_ABSOLUTE "${name}" OR name MATCHES "(^|/)(\\.\\.?)?(/|$)")
    message(FATAL_ERROR "adjoin_add_header: OUTPUT '${given_OUTPUT}' must be a name, perhaps with folders in front, such as models/net")
  endif()

  string(MAKE_C_IDENTIFIER "${target}_adjoin_${name}" rule)
  if(TARGET ${rule})
    message(FATAL_ERROR "adjoin_add_header: '${target}' has a header ${name}.h already; give this one another OUTPUT")
  endif()

  set(directory "${CMAKE_CURRENT_BINARY_DIR}/adjoin/${target}")
  set(outputs "${directory}/${name}.h")
  set(source)
  if(given_TARGET STREQUAL "c")
    set(source "${directory}/${name}.c")
    list(APPEND outputs "${source}")
  endif()
  get_filename_component(folder "${directory}/${name}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")

  _adjoin_options(prefix --prefix "" ${given_PREFIX})
  _adjoin_options(real --real "" ${given_REAL})
  _adjoin_options(kind --target "" ${given_TARGET})
  _adjoin_options(dim --dim "" ${given_DIM})
  _adjoin_options(of --of "," ${given_OF})
  _adjoin_options(wrt --wrt "," ${given_WRT})
  _adjoin_add_rule("${path}" "${outputs}" ${prefix} ${real} ${kind} ${dim} ${of} ${wrt} ${given_OPTIONS})

  add_custom_target(${rule} DEPENDS ${outputs})
  add_dependencies(${target} ${rule})
  _adjoin_use(${target} "${directory}" "${source}" "${given_PUBLIC}")
endfunction()
