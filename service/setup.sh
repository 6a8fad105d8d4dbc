#!/bin/sh
# Everything that a fresh machine needs: uv, Python 3.10, the exact packages. Does nothing when nothing changed.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p run .stamps

fail() {
    echo "Set-up stopped: $1" >&2
    [ -f run/setup.log ] && tail -n 5 run/setup.log >&2
    echo "What to do: $2" >&2
    exit 1
}

wanted=$(cat requirements.lock .python-version service/uv.lock.txt | cksum)
if [ -x .venv/bin/python ] && [ "$(cat .stamps/setup 2>/dev/null)" = "$wanted" ]; then exit 0; fi

UV=uv
if ! uv --version >/dev/null 2>&1; then  # missing, or a pyenv shim that leads nowhere
    if [ ! -x .tools/bin/uv ]; then
        echo "1 of 3  getting uv, the package installer"
        python=""
        for candidate in python3 python3.12 python3.11 python3.10 python /usr/bin/python3; do
            "$candidate" --version >/dev/null 2>&1 && python=$candidate && break
        done
        [ -n "$python" ] || fail "no Python was found" "install any Python 3 and run make again"
        rm -rf .tools
        if "$python" -m venv .tools >run/setup.log 2>&1; then
            .tools/bin/python -m pip install --quiet --require-hashes -r service/uv.lock.txt >>run/setup.log 2>&1 \
                || fail "uv could not be installed" "check the network; the whole log is in run/setup.log"
        else
            "$python" -m pip install --quiet --require-hashes --target .tools -r service/uv.lock.txt >>run/setup.log 2>&1 \
                || fail "neither venv nor pip works here" "install the package python3-venv, or uv itself, and run make again"
        fi
    fi
    UV=.tools/bin/uv
fi

echo "2 of 3  finding Python 3.10 (it is fetched where it is missing)"
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; then
    rm -rf .venv
    "$UV" venv --quiet --python 3.10 .venv >run/setup.log 2>&1 \
        || fail "Python 3.10 was not found and could not be fetched" "install Python 3.10 (pyenv install 3.10) and run make again"
fi

echo "3 of 3  installing the exact packages (about 1.5 GB; a minute or two the first time)"
"$UV" pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock >run/setup.log 2>&1 \
    || fail "the packages could not be installed" "check the network and the space on the disk; the whole log is in run/setup.log"
echo "$wanted" >.stamps/setup
echo "Set-up is complete."
