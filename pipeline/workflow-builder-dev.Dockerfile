# The image of a workflow, by the community's builder, which needs no login. `waybill image` builds it; so does, from the
# root of a repository of workflows:
#
#     docker build -f pipeline/workflow-builder-dev.Dockerfile --build-arg WF_RESOURCES=workflows/greeting .
#
# It needs nothing of BuildKit. workflow-builder.Dockerfile differs in the builder and in the extensions that fit it.
ARG BUILDER_IMAGE=docker.io/apache/incubator-kie-sonataflow-builder:10.1.0
ARG RUNTIME_IMAGE=registry.access.redhat.com/ubi9/openjdk-17:1.21-2

FROM ${BUILDER_IMAGE} AS builder

# Extensions of Quarkus that the builder's project gets. These keep the state of workflows in PostgreSQL.
ARG QUARKUS_EXTENSIONS=org.kie:kie-addons-quarkus-persistence-jdbc:10.1.0,io.quarkus:quarkus-jdbc-postgresql:3.15.3,io.quarkus:quarkus-agroal:3.15.3
# Further arguments of Maven: specs of up to 35 million characters, and where the state is kept, which a build decides.
ARG MAVEN_ARGS_APPEND="-DmaxYamlCodePoints=35000000 -Dkogito.persistence.type=jdbc -Dquarkus.datasource.db-kind=postgresql -Dkogito.persistence.proto.marshaller=false"
# The workflow's folder in the build context. What it takes from workflows/shared lies in it as shared/.
ARG WF_RESOURCES=.

COPY --chown=1001 ${WF_RESOURCES}/ ./resources/

# Two layouts: the files of the workflow lie in its folder, or in src/main/resources beside Java sources in src/main/java.
RUN set -e; \
    rm -f src/main/resources/*.sw.*; \
    mkdir workflow; \
    if [ -d resources/src ]; then \
        cp -R resources/src/. src/; \
        cp -R resources/src/main/resources/. workflow/; \
        for more in shared .mvn; do if [ -d resources/$more ]; then cp -R resources/$more workflow/; fi; done; \
    else \
        cp -R resources/. workflow/; \
    fi; \
    rm -f workflow/secret.properties src/main/resources/secret.properties; \
    /home/kogito/launch/build-app.sh ./workflow

# Two layers: the libraries, and the rest, which changes with the workflow and is small. Without the time and the umask
# of the build, the first one keeps its digest on any machine.
RUN set -e; \
    mkdir -p layers/libraries/deployments layers/workflow/deployments; \
    mv target/quarkus-app/lib layers/libraries/deployments/; \
    mv target/quarkus-app/* layers/workflow/deployments/; \
    chmod -R u=rwX,go=rX layers; \
    chmod 775 layers/*/deployments; \
    find layers -exec touch -t 198001010000 {} +

FROM ${RUNTIME_IMAGE}

ENV LANG='en_US.UTF-8' LANGUAGE='en_US:en'
# No Jolokia agent.
ENV AB_JOLOKIA_OFF=""
ENV JAVA_OPTS="-Dquarkus.http.host=0.0.0.0 -Djava.util.logging.manager=org.jboss.logmanager.LogManager"
ENV JAVA_APP_JAR="/deployments/quarkus-run.jar"

EXPOSE 8080
USER 185
ENTRYPOINT ["/opt/jboss/container/java/run/run-java.sh"]

# They bring /deployments with them: copied into it, each would change its time. /deployments/config is the operator's.
COPY --from=builder --chown=185:0 /home/kogito/serverless-workflow-project/layers/libraries/ /
COPY --from=builder --chown=185:0 /home/kogito/serverless-workflow-project/layers/workflow/ /

ARG FLOW_NAME
ARG FLOW_SUMMARY
ARG FLOW_DESCRIPTION
ARG WORKFLOW_ID
LABEL name="${FLOW_NAME}" \
      summary="${FLOW_SUMMARY}" \
      description="${FLOW_DESCRIPTION}" \
      waybill.workflow="${WORKFLOW_ID}"
