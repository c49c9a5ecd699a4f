#!/bin/sh
# What the builder of SonataFlow leaves, without Maven: target/quarkus-app with the resources in a jar. $1 is their folder.
set -e
cp -vR "$1"/* src/main/resources/
case "$MAVEN_ARGS_APPEND" in
  *-Dbreak*)
    for line in $(seq 1 60); do echo "[ERROR] line $line of the build"; done
    exit 1
    ;;
  *-Dlinger*)
    echo lingering
    sleep 300
    ;;
esac

# Writes a number as bytes, the lowest first: number, count.
little() {
  value=$1
  for _ in $(seq 1 "$2"); do
    printf "\\$(printf %03o $((value & 255)))"
    value=$((value >> 8))
  done
}

# Writes what a zip says of a file before its data and in its directory: the file.
described() {
  little 20 2; little 0 2; little 8 2; little 0 2; little 33 2
  tail -c 8 "/tmp/$1.gz" | head -c 4
  little $(($(wc -c <"/tmp/$1.gz") - 18)) 4
  little "$(wc -c <"$1")" 4
  little ${#1} 2; little 0 2
}

# A zip of the files that standard input names: gzip has their deflated bytes, and their CRC at its end.
archive() {
  : >/tmp/body
  : >/tmp/directory
  count=0
  while read -r file; do
    mkdir -p "/tmp/$(dirname "$file")"
    gzip -nc "$file" >"/tmp/$file.gz"
    offset=$(wc -c </tmp/body)
    { printf 'PK\003\004'; described "$file"; printf %s "$file"; tail -c +11 "/tmp/$file.gz" | head -c -8; } >>/tmp/body
    { printf 'PK\001\002'; little 20 2; described "$file"; little 0 10; little "$offset" 4; printf %s "$file"; } >>/tmp/directory
    count=$((count + 1))
  done
  cat /tmp/body /tmp/directory
  printf 'PK\005\006'
  little 0 4; little $count 2; little $count 2
  little "$(wc -c </tmp/directory)" 4; little "$(wc -c </tmp/body)" 4; little 0 2
}

app=$PWD/target/quarkus-app
mkdir -p "$app/app" "$app/lib/main" "$app/lib/boot" "$app/quarkus"
cd src/main/resources
find . -type f | sed 's|^\./||' | sort | archive >"$app/app/workflows-1.0.0.jar"
cd ../../..
head -c 3000000 /dev/zero | tr '\0' l >"$app/lib/main/org.example.library-1.0.jar"
printf %s "$QUARKUS_EXTENSIONS" >"$app/lib/boot/org.example.boot-1.0.jar"
cat /proc/sys/kernel/random/uuid >"$app/quarkus/generated-bytecode.jar"
echo run >"$app/quarkus-run.jar"
printf 'org.example:library:jar:1.0\norg.example:boot:jar:1.0\n' >"$app/quarkus-app-dependencies.txt"
echo "built with $QUARKUS_EXTENSIONS and $MAVEN_ARGS_APPEND"
