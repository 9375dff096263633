/** The shells that there is completion for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of the shells. */
export type Shell = (typeof SHELLS)[number];

/** What `millrace __complete` prints, alone, where the shell is to complete a file's name. */
export const FILES_MARK = ":files";

/**
 * The script that teaches a shell to complete millrace.
 *
 * @param call how the command line is called, quoted for a shell
 */
export function completionScript(shell: Shell, call: string): string {
  return SCRIPTS[shell].replaceAll("CALL", () => call);
}

// Bash takes "=" and ":" for the ends of words; the command line puts them together again.
const BASH = `# bash completion for millrace. In ~/.bashrc: source <(millrace completion bash)
_millrace() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${FILES_MARK} ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
      return
    fi
    COMPREPLY+=( "$line" )
  done < <(CALL __complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # After a flag's "=", or a comma, more may follow.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _millrace millrace
`;

const ZSH = `#compdef millrace
# zsh completion for millrace. In ~/.zshrc, after compinit: source <(millrace completion zsh)
_millrace() {
  local line value description
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == ${FILES_MARK} ]]; then
      _files
      return
    fi
    value="\${line%%$'\\t'*}"
    description="\${line#*$'\\t'}"
    candidates+=( "\${value//:/\\\\:}\${description:+:$description}" )
  done < <(CALL __complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe 'millrace' candidates
}
if [[ $funcstack[1] == _millrace ]]; then _millrace "$@"; else compdef _millrace millrace; fi
`;

const FISH = `# fish completion for millrace: millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_complete
    set -l words (commandline --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l lines (CALL __complete fish -- $words[2..] "$current" 2>/dev/null)
    if test "$lines" = "${FILES_MARK}"
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines
    end
end
complete --command millrace --no-files --arguments '(__millrace_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
