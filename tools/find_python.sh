#!/bin/sh
# Print the first Python that works, is one of the versions asked for, and can make environments.
#   sh tools/find_python.sh 3.13 3.12 3.11
# Looks on the PATH for all of them first, then among those that pyenv keeps.
set -u

works() { # command, version: does it start (a pyenv shim may not), and is it that version?
    "$1" - "$2" 2>/dev/null <<'PY'
import ensurepip, sys, venv
ok = "%d.%d" % sys.version_info[:2] == sys.argv[1]
print(sys.executable) if ok else sys.exit(1)
PY
}

for version in "$@"; do
    for command in "python$version" python3 python; do
        works "$command" "$version" && exit 0
    done
done
for version in "$@"; do
    for command in "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/"$version".*/bin/python; do
        [ -x "$command" ] && works "$command" "$version" && exit 0
    done
done
exit 1
