#!/bin/bash
# What the builder of SonataFlow does, as far as the Dockerfiles can see it: takes over the folder of resources, adds
# extensions to the project, and builds it. The real one adds them by quarkus-maven-plugin, whose catalogue wants a network.
set -e
project=${KOGITO_PROJECT:-/home/kogito/serverless-workflow-project}
resources_path=$(realpath "$1")
echo "-> Copying files from ${resources_path}, if any..."
# shellcheck disable=SC2086,SC2115 # as the real one does it
cp -vR ${resources_path}/* ${project}/src/main/resources/
cd "$project"

IFS=', ' read -r -a extensions <<<"${QUARKUS_EXTENSIONS}"
for extension in "${extensions[@]}"; do
  IFS=: read -r group artifact version <<<"$extension"
  lines="<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId>"
  if [ -n "$version" ]; then lines="$lines<version>$version</version>"; fi
  # Behind the dependencies that are no part of dependencyManagement.
  sed -i "s|^  </dependencies>|    $lines</dependency>\n  </dependencies>|" pom.xml
done

# shellcheck disable=SC2086 # the arguments are words
mvn -B ${MAVEN_ARGS_APPEND} -nsu -DskipTests -Dquarkus.container-image.build=false clean install
