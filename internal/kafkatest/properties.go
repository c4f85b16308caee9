package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kafkaVersion is the release of Apache Kafka that the docker and jvm kinds run.
const kafkaVersion = "4.1.1"

// listeners are the host:port pairs of one broker that is also a controller.
type listeners struct {
	// clients is where it listens for clients, advertised what they are told.
	clients, advertised string
	// peers is where it listens for brokers; empty: where it does for clients.
	peers string
	// controller is where the KRaft controller listens and is reached.
	controller string
}

// role is the place of one KRaft node in its cluster.
type role struct {
	listeners
	// id is the node's number, from 1; brokers how many nodes there are.
	id, brokers int
	// voters names the controllers of all nodes: "1@host:port,2@host:port".
	voters string
	// logDir is the folder of the records.
	logDir string
}

// serverProperties returns the settings of a KRaft node. Whatever is not about
// its place or about being quick to start keeps Kafka's default, so that tests
// meet what production meets.
func serverProperties(r role) map[string]string {
	replicas, inSync := "1", "1"
	if r.brokers >= 3 {
		replicas, inSync = "3", "2"
	}
	properties := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        strconv.Itoa(r.id),
		"controller.quorum.voters":       r.voters,
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      "PLAINTEXT://" + r.clients + ",CONTROLLER://" + r.controller,
		"advertised.listeners":           "PLAINTEXT://" + r.advertised,
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"inter.broker.listener.name":     "PLAINTEXT",
		"log.dirs":                       r.logDir,
		// A topic that a test forgot to make shows at once.
		"auto.create.topics.enable": "false",
		// One node cannot replicate, three do as in production.
		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,
		// 50 partitions each by default: seconds of the first group's or
		// transaction's start, and 1.5 GB of sparse index files.
		"offsets.topic.num.partitions":         "4",
		"transaction.state.log.num.partitions": "4",
		// The default waits 3 s for more members in every new group.
		"group.initial.rebalance.delay.ms": "0",
		// After a kill -9 the controller moves leaders, and lets the broker back
		// in, when its old session has ended; 9 s by default.
		"broker.session.timeout.ms":    "4000",
		"broker.heartbeat.interval.ms": "500",
	}
	if r.peers != "" {
		properties["listeners"] += ",BROKERS://" + r.peers
		properties["advertised.listeners"] += ",BROKERS://" + r.peers
		properties["listener.security.protocol.map"] += ",BROKERS:PLAINTEXT"
		properties["inter.broker.listener.name"] = "BROKERS"
	}
	return properties
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
