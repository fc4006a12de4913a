# Asks a test program for its suites and writes a ctest entry for each, so that a suite's set-up runs
# once, and a suite that is added needs no line anywhere. A suite's cases go to an XML file of
# GoogleTest, from which tests/run.sh counts them.
#
#   cmake -D PROGRAM=<test program> -D FOLDER=<its name in ctest> -D RESULTS=<folder for the XML files>
#         -D OUT=<file to write> -D PROPERTIES=<properties of each entry> -P discover_suites.cmake
cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE code
  ERROR_VARIABLE said TIMEOUT 60)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests ended with ${code}: ${said}")
endif()

# A suite's line starts at the margin and ends in a dot; its cases are indented.
string(REGEX MATCHALL "\n[A-Za-z][A-Za-z0-9_/]*\\." suites "\n${listed}")
if(NOT suites)
  message(FATAL_ERROR "${PROGRAM} has no test")
endif()
set(entries "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "\n(.*)\\." "\\1" suite "${suite}")
  set(name "${FOLDER}.${suite}")
  string(REPLACE "/" "-" file "${name}")
  string(APPEND entries "add_test([==[${name}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.*]==] "
    "--gtest_brief=1 [==[--gtest_output=xml:${RESULTS}/${file}.xml]==])\n"
    "set_tests_properties([==[${name}]==] PROPERTIES ${PROPERTIES})\n")
endforeach()
file(WRITE ${OUT} "${entries}")
