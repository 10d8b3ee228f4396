#include "controller/cli/completion.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "controller/cli/axis_values.h"

namespace crosscall::cli {
namespace {

struct Word {
  std::string text;
  std::string about;
  bool takes_value = false;
};

// One command and what may follow it.
struct Node {
  std::string path;  // "crosscallctl sweep run"
  std::vector<Word> subcommands;
  std::vector<Word> options;
};

// Options of a parent are taken after its subcommands too, so each node lists those of its ancestors.
void Collect(const CLI::App& app, const std::string& path, std::vector<Word> inherited, std::vector<Node>& nodes) {
  Node node{path, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const Word word{absl::StrCat("--", name), option->get_description(), option->get_items_expected_max() > 0};
      node.options.push_back(word);
      if (name != "help") inherited.push_back(word);
    }
  }
  std::vector<Word> all = node.options;
  for (const Word& word : inherited) {
    bool known = false;
    for (const Word& own : node.options) known = known || own.text == word.text;
    if (!known) all.push_back(word);
  }
  node.options = std::move(all);
  const std::vector<const CLI::App*> subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : subcommands) node.subcommands.push_back({sub->get_name(), sub->get_description()});
  nodes.push_back(std::move(node));
  for (const CLI::App* sub : subcommands) Collect(*sub, absl::StrCat(path, " ", sub->get_name()), inherited, nodes);
}

std::string Join(const std::vector<Word>& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const Word& word) { out->append(word.text); });
}

// In single quotes for a POSIX-like shell.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// The part that bash and zsh share: follow the words typed so far to the command they name.
std::string CaseOfPaths(const std::vector<Node>& nodes, absl::string_view indent) {
  std::string out;
  for (const Node& node : nodes) {
    if (node.path.find(' ') != std::string::npos) {
      absl::StrAppend(&out, indent, Quoted(node.path), ") path=\"$path $word\" ;;\n");
    }
  }
  return out;
}

std::string Bash(const std::vector<Node>& nodes, const std::string& name) {
  std::string out = absl::StrFormat(
      "# bash completion for %1$s; load it with: source <(%1$s completion bash)\n"
      "_%1$s() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=%1$s words= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n%2$s"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n",
      name, CaseOfPaths(nodes, "      "));
  for (const Node& node : nodes) {
    absl::StrAppendFormat(&out, "    %s)\n      words=%s\n      [[ $current == -* ]] && words=%s ;;\n",
                          Quoted(node.path), Quoted(Join(node.subcommands)), Quoted(Join(node.options)));
  }
  absl::StrAppendFormat(&out,
                        "  esac\n"
                        "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                        "}\n"
                        "complete -o default -F _%1$s %1$s\n",
                        name);
  return out;
}

std::string ZshWords(const std::vector<Word>& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const Word& word) {
    absl::StrAppend(out, Quoted(absl::StrCat(word.text, ":", absl::StrReplaceAll(word.about, {{":", "\\:"}}))));
  });
}

std::string Zsh(const std::vector<Node>& nodes, const std::string& name) {
  // `path` is special in zsh, where it is tied to PATH.
  std::string out = absl::StrFormat(
      "#compdef %1$s\n"
      "# zsh completion for %1$s; load it with: source <(%1$s completion zsh)\n"
      "_%1$s() {\n"
      "  local at=%1$s word\n"
      "  local -a commands options\n"
      "  for word in \"${words[@]:1:$((CURRENT-2))}\"; do\n"
      "    case \"$at $word\" in\n%2$s"
      "    esac\n"
      "  done\n"
      "  case \"$at\" in\n",
      name, absl::StrReplaceAll(CaseOfPaths(nodes, "      "), {{"path=\"$path $word\"", "at=\"$at $word\""}}));
  for (const Node& node : nodes) {
    absl::StrAppendFormat(&out, "    %s)\n      commands=(%s)\n      options=(%s) ;;\n", Quoted(node.path),
                          ZshWords(node.subcommands), ZshWords(node.options));
  }
  absl::StrAppendFormat(&out,
                        "  esac\n"
                        "  if [[ $words[CURRENT] == -* ]]; then _describe option options\n"
                        "  elif (( $#commands )); then _describe command commands\n"
                        "  else _files\n"
                        "  fi\n"
                        "}\n"
                        "compdef _%1$s %1$s\n",
                        name);
  return out;
}

std::string FishQuoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string Fish(const std::vector<Node>& nodes, const std::string& name) {
  std::string out = absl::StrFormat(
      "# fish completion for %1$s; load it with: %1$s completion fish | source\n"
      "function __%1$s_at\n"
      "  set -l at %1$s\n"
      "  set -l typed (commandline -opc)\n"
      "  for word in $typed[2..-1]\n"
      "    switch \"$at $word\"\n"
      "      case",
      name);
  for (const Node& node : nodes) {
    if (node.path.find(' ') != std::string::npos) absl::StrAppend(&out, " ", FishQuoted(node.path));
  }
  absl::StrAppend(&out, "\n        set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n");
  for (const Node& node : nodes) {
    const std::string condition = FishQuoted(absl::StrCat("__", name, "_at \"", node.path, "\""));
    for (const Word& word : node.subcommands) {
      absl::StrAppendFormat(&out, "complete -c %s -n %s -f -a %s -d %s\n", name, condition, word.text,
                            FishQuoted(word.about));
    }
    for (const Word& word : node.options) {
      absl::StrAppendFormat(&out, "complete -c %s -n %s -l %s%s -d %s\n", name, condition, word.text.substr(2),
                            word.takes_value ? " -r" : "", FishQuoted(word.about));
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> CompletionScript(const CLI::App& root, absl::string_view shell) {
  std::vector<Node> nodes;
  Collect(root, root.get_name(), {}, nodes);
  if (shell == "bash") return Bash(nodes, root.get_name());
  if (shell == "zsh") return Zsh(nodes, root.get_name());
  if (shell == "fish") return Fish(nodes, root.get_name());
  return WrongValue(shell, "bash, zsh, fish");
}

}  // namespace crosscall::cli
