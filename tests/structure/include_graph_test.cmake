# What include_graph.cmake must find: each case is a small source tree with one thing wrong.
#
#   cmake -D WORK=<scratch folder> -P include_graph_test.cmake
cmake_minimum_required(VERSION 3.22)

set(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/include_graph.cmake)
set(ROOMS "fathom_room(common)
fathom_room(common/net USES common)
fathom_room(server/table USES common/net LINKS Boost::headers)
fathom_room(worker/data
  USES common)
fathom_room(launcher/run USES server/table worker/data)
")

set(PAGE "| room | holds | may include |
|---|---|---|
| `common` | keys | |
| `common/net` | frames | `common` |
| `server/table` | rows | `common/net` |
| `worker/data` | batches | `common` |
| `launcher/run` | a run | `server/table`, `worker/data` |
")

function(write_tree rooms)
  file(REMOVE_RECURSE ${WORK})
  file(WRITE ${WORK}/CMakeLists.txt "${rooms}")
  file(WRITE ${WORK}/docs/design.md "${PAGE}")
  file(WRITE ${WORK}/common/key.h "#include <string>\n")
  file(WRITE ${WORK}/common/net/frame.h "#include \"common/key.h\"\n")
  # A room may include what the rooms that it uses may include.
  file(WRITE ${WORK}/server/table/row.h "#include \"common/key.h\"\n#include \"common/net/frame.h\"\n")
  file(WRITE ${WORK}/worker/data/batch.h "#include \"common/key.h\"\n")
  file(WRITE ${WORK}/launcher/run/run.cc "#include \"server/table/row.h\"\n#include \"worker/data/batch.h\"\n")
  file(WRITE ${WORK}/launcher/main.cc "#include \"launcher/run/run.h\"\n")
endfunction()

function(expect name code words)
  execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${WORK} -P ${SCRIPT}
    RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  # CMake breaks the lines of an error, depending on how long the path in it is.
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  string(FIND "${said}" "${words}" place)
  if(place EQUAL -1 OR (code EQUAL 0 AND NOT result EQUAL 0) OR (NOT code EQUAL 0 AND result EQUAL 0))
    message(FATAL_ERROR "${name}: exit code ${result}, and it should say \"${words}\":\n${said}")
  endif()
  message(STATUS "${name}")
endfunction()

write_tree("${ROOMS}")
expect("a right tree" 0 "7 includes of 5 rooms are allowed")

write_tree("${ROOMS}")
file(WRITE ${WORK}/common/key.h "#include \"common/net/frame.h\"\n")
expect("a room includes one that is built upon it" 1
  "common/key.h includes \"common/net/frame.h\". The room common may include: common.")

write_tree("${ROOMS}")
file(WRITE ${WORK}/worker/data/batch.h "  #  include \"server/table/row.h\"\n")
expect("the worker includes the server" 1
  "worker/data/batch.h includes \"server/table/row.h\". The room worker/data may include: worker/data, common.")

write_tree("${ROOMS}")
file(WRITE ${WORK}/common/net/frame.h "#include \"key.h\"\n")
expect("an include that does not start at the root" 1 "common/net/frame.h includes \"key.h\"")

write_tree("${ROOMS}fathom_room(worker/train USES server/table)\n")
expect("a line lets the worker use the server" 1
  "worker/train uses server/table, but worker/ may include only worker, common.")

write_tree("fathom_room(common USES common/net)\n${ROOMS}")
expect("a cycle among rooms" 1 "common uses common/net, which no line above it declares")

write_tree("${ROOMS}")
file(WRITE ${WORK}/server/shard/shard.h "")
expect("a folder that is no room" 1 "server/shard/shard.h lies in no room")

write_tree("${ROOMS}")
foreach(number RANGE 1 30)
  file(WRITE ${WORK}/docs/page-${number}.md "")
endforeach()
expect("a folder with 31 files" 1 "docs/ holds 31 files, and more than 30")

write_tree("${ROOMS}fathom_room(launcher/plan USES launcher/run)\n")
expect("a room that the page does not have" 1 "docs/design.md: the row of launcher/plan names")

write_tree("${ROOMS}")
string(REPLACE "`server/table`, `worker" "`worker" page "${PAGE}")
file(WRITE ${WORK}/docs/design.md "${page}")
expect("a row that lacks a room" 1
  "the row of launcher/run names `worker/data`, CMakeLists.txt `server/table`, `worker/data`")

write_tree("project(empty)\n")
expect("a CMakeLists.txt without rooms" 1 "has no line")
file(REMOVE_RECURSE ${WORK})
