package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kafkaVersion is the release of Apache Kafka that the docker and jvm kinds run.
const kafkaVersion = "4.1.1"

// listeners are the host:port pairs of one broker that is its own controller.
type listeners struct {
	// clients is where it listens for clients, advertised what they are told.
	clients, advertised string
	// controller is where the KRaft controller listens and is reached.
	controller string
}

// serverProperties returns the settings of a single KRaft node. Whatever is not
// about being alone or being quick to start keeps Kafka's default, so that
// tests meet what production meets.
func serverProperties(l listeners, logDir string) map[string]string {
	return map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       "1@" + l.controller,
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      "PLAINTEXT://" + l.clients + ",CONTROLLER://" + l.controller,
		"advertised.listeners":           "PLAINTEXT://" + l.advertised,
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"inter.broker.listener.name":     "PLAINTEXT",
		"log.dirs":                       logDir,
		// A topic that a test forgot to make shows at once.
		"auto.create.topics.enable": "false",
		// One node cannot replicate.
		"offsets.topic.replication.factor":                 "1",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		// 50 partitions each by default: seconds of the first group's or
		// transaction's start, and 1.5 GB of sparse index files.
		"offsets.topic.num.partitions":         "4",
		"transaction.state.log.num.partitions": "4",
		// The default waits 3 s for more members in every new group.
		"group.initial.rebalance.delay.ms": "0",
		// After a kill -9 the controller lets the broker back in when its old
		// session has ended; 9 s by default.
		"broker.session.timeout.ms":    "4000",
		"broker.heartbeat.interval.ms": "500",
	}
}

// file renders the properties as a server.properties file.
func file(properties map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&b, "%s=%s\n", key, properties[key])
	}
	return b.String()
}

// variables renders the properties as the public image of Kafka takes them:
// log.dirs as KAFKA_LOG_DIRS.
func variables(properties map[string]string) map[string]string {
	environment := make(map[string]string, len(properties))
	for key, value := range properties {
		environment["KAFKA_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = value
	}
	return environment
}
