# Run by the build: writes OUT, a source with the text of PAGE.
cmake_minimum_required(VERSION 3.25)
file(READ "${PAGE}" text)
if(text MATCHES "\\)page\"")
  message(FATAL_ERROR "${PAGE} contains the end of a raw string")
endif()
file(WRITE "${OUT}" "namespace crosscall::report {
extern const char kPageText[];
const char kPageText[] = R\"page(${text})page\";
}  // namespace crosscall::report
")
