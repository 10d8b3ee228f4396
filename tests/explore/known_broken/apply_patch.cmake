# Makes the patched copies of a twin's headers: cmake -DPROGRAM=patch -DPATCH=file -DHEADERS=a.h,b.h -DTREE=dir -DCOPY=dir
# -P apply_patch.cmake. A hunk may have moved, but its context must match exactly: a bug that is seeded at a guess may be
# another bug.
string(REPLACE "," ";" headers ${HEADERS})
file(REMOVE_RECURSE ${COPY})
foreach(header ${headers})
  get_filename_component(folder ${header} DIRECTORY)
  file(COPY ${TREE}/${header} DESTINATION ${COPY}/${folder})
endforeach()

execute_process(COMMAND ${PROGRAM} --strip=1 --fuzz=0 --forward --batch --no-backup-if-mismatch --reject-file=-
                        --input=${PATCH}
                WORKING_DIRECTORY ${COPY} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  file(REMOVE_RECURSE ${COPY})
  get_filename_component(twin ${PATCH} NAME)
  message(FATAL_ERROR "${twin} no longer applies: the code it seeds its bug in has changed. Seed the same bug in the present "
                      "code and renew the patch (tests/explore/known_broken/README.md). patch says:\n${output}")
endif()

# Lets the unit see that the copy was found and not the original; see twin_subject.cc.
foreach(header ${headers})
  file(APPEND ${COPY}/${header} "\n#define CROSSCALL_TWIN_HEADER_SEEN\n")
endforeach()
