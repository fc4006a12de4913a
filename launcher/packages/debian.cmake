# Four Debian packages, made by `cpack` in a build folder of the preset `packages`. Its prefix is /usr: for
# another one GNUInstallDirs does not take Debian's folder of libraries.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fathom)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Fathom maintainers <maintainers@fathom.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_COMPONENTS_ALL fathom library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

# One package: its control fields, its description, and the papers that each package has.
function(debian_package component name section synopsis)
  string(TOUPPER ${component} COMPONENT)
  cmake_parse_arguments(PACKAGE "" "DEPENDS;RECOMMENDS;SUGGESTS;DESCRIPTION" "" ${ARGN})
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_DEPENDS "${PACKAGE_DEPENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_RECOMMENDS "${PACKAGE_RECOMMENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_SUGGESTS "${PACKAGE_SUGGESTS}" PARENT_SCOPE)
  set(CPACK_COMPONENT_${COMPONENT}_DESCRIPTION "${synopsis}\n${PACKAGE_DESCRIPTION}" PARENT_SCOPE)
  set(papers ${CMAKE_INSTALL_DATADIR}/doc/${name})
  install(FILES copyright DESTINATION ${papers} COMPONENT ${component})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian.gz DESTINATION ${papers} COMPONENT ${component})
endfunction()

# Policy wants both, compressed without a name or a time in them.
function(compressed text result)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${result} COMMAND gzip -9nc ${text} > ${result} DEPENDS ${text})
endfunction()
compressed(${CMAKE_SOURCE_DIR}/CHANGELOG.md changelog.gz)
compressed(${CMAKE_CURRENT_SOURCE_DIR}/changelog changelog.Debian.gz)
add_custom_target(changelogs ALL DEPENDS changelog.gz changelog.Debian.gz)

file(STRINGS changelog first LIMIT_COUNT 1)
if(NOT first MATCHES "^fathom \\(${PROJECT_VERSION}-([a-z0-9]+)\\) ")
  message(FATAL_ERROR "launcher/packages/changelog begins with \"${first}\", but this is version ${PROJECT_VERSION}: write an entry for it")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_1})
set(package_version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

# mpirun is a program, which the search for shared libraries cannot find. openmpi-bin brings ssh.
debian_package(fathom fathom science "trainer for Wide & Deep models on parameter servers"
  DEPENDS openmpi-bin SUGGESTS python3-fathom
  DESCRIPTION "Fathom trains the Wide & Deep model (Cheng et al. 2016) on ratings and clicks.\nServers hold the sparse weights and the embeddings in shards. Workers under\nMPI pull the rows that a minibatch needs and push gradients.\n\nAny number of servers, workers and threads trains one identical model, and a\nrun that was killed and resumed ends with the same bits as one that was not.")
debian_package(library libfathom-predict1 libs "scores examples with a model that Fathom has trained"
  DESCRIPTION "A C library that opens a trained model's folder and scores examples with it, in\nany number of threads. It needs no MPI.\n\nThis package has the shared library.")
debian_package(development libfathom-predict-dev libdevel "scores examples with a model of Fathom (development files)"
  DEPENDS "libfathom-predict1 (= ${package_version})"
  DESCRIPTION "A C library that opens a trained model's folder and scores examples with it, in\nany number of threads. It needs no MPI.\n\nThis package has the header <fathom/predict.h>, and what CMake and pkg-config\nneed to find it.")
if(python_modules)
  list(APPEND CPACK_COMPONENTS_ALL python)
  debian_package(python python3-fathom python "scores examples with a model of Fathom, from Python"
    DEPENDS "libfathom-predict1 (>= ${PROJECT_VERSION}), python3:any" RECOMMENDS fathom SUGGESTS "python3-numpy, python3-xxhash"
    DESCRIPTION "A Python module over the C library libfathom-predict: it opens a trained model\nand scores rows with it. It runs the command of the package fathom to train.")
  set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_SHLIBDEPS OFF)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/python3-fathom/postinst ${CMAKE_CURRENT_SOURCE_DIR}/python3-fathom/prerm)
endif()

# CPack writes scripts that call ldconfig besides, which no variable of its own prevents.
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/triggers)
install(FILES libfathom-predict1.lintian-overrides DESTINATION share/lintian/overrides COMPONENT library RENAME libfathom-predict1)

include(CPack)
