package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cordon/internal/replay"
	"cordon/internal/stream"
)

// What an operator may do to topics under the programs' feet. Each program ends
// with words that name topic and remedy, whether it ran meanwhile or is started
// later, and writes nothing.
func TestTopicsThatPartedFromTheState(t *testing.T) {
	t.Parallel()
	d := deploy(t, 2)
	d.startAll()
	d.replayed(marked(), 0, nil)
	d.remake(stream.TelemetryRaw, 2) // while the collector runs
	d.awaitWords("collector", 1, "telemetry.raw", "the topic was re-created", "another topics.prefix")
	d.launch("collector")
	d.awaitWords("collector", 1, "telemetry.raw", "the topic was re-created", "another topics.prefix")

	d.stop("scorer")
	d.start("scorer") // its checkpoint stands behind what was replayed
	before := d.programs["scorer"].position()
	d.drop(stream.Telemetry)
	d.await("the scorer misses its input", time.Minute, func() bool {
		return d.programs["scorer"].says(before, "interrupted; going on from the last checkpoint")
	})
	d.pause("scorer")
	d.make(stream.Telemetry, 2)
	d.fill(stream.Telemetry, 2000) // longer than before: only the fingerprint tells
	d.resume("scorer")
	d.awaitWords("scorer", 1, "telemetry", "holds another batch at offset", "the topic was re-created", "another topics.prefix")
	d.launch("scorer")
	d.awaitWords("scorer", 1, "telemetry", "holds another batch at offset", "the topic was re-created", "another topics.prefix")

	d.stop("enforcer")
	d.addPartitions(stream.Verdicts, 3)
	d.launch("enforcer")
	d.awaitWords("enforcer", 1, "verdicts has 3 partitions", "was made with 2", "another topics.prefix")
	d.addPartitions(stream.Telemetry, 3)
	d.launch("scorer")
	d.awaitWords("scorer", 2, "has 2 partitions and must have 3 as", "another topics.prefix")
}

// Records that were deleted before they were read, by retention or by hand, are
// lost: the program says so, goes on, and the coverage of Progress tells of it.
func TestDeletedRecordsAreTold(t *testing.T) {
	t.Parallel()
	d := deploy(t, 1)
	d.startAll()
	d.stop("scorer") // its first checkpoint stands at the beginning
	at := stream.Partition{Topic: stream.Telemetry}
	source := marked()
	records := int64(len(source.records))
	result, err := replay.Run(t.Context(), replay.Settings{Client: d.client, Source: source})
	if err != nil {
		t.Fatal(err)
	}
	d.await("the collector has forwarded the telemetry", time.Minute, func() bool {
		_, end, err := d.client.Bounds(t.Context(), at)
		return err == nil && end > records/2 && end > 100
	})
	d.deleteRecords(at, 50)
	before := d.programs["scorer"].position()
	d.start("scorer")
	if !d.programs["scorer"].says(before, "records of telemetry[0] were deleted before they were read: data loss") {
		t.Errorf("the scorer does not tell of the loss:\n%s", d.tail("scorer"))
	}
	mark := replay.Mark{{Topic: stream.Verdicts}: 0}
	if err := replay.Await(t.Context(), d.client, mark, result.Settled(), nil); err != nil {
		t.Errorf("the scorer does not go on: %v", err)
	}
	d.stop("scorer")
}

// awaitWords waits until an instance has ended, and compares its exit code and
// what it said last.
func (d *deployment) awaitWords(name string, code int, words ...string) {
	d.t.Helper()
	p := d.programs[name]
	d.await(name+" has ended", time.Minute, p.ended)
	text := d.tail(name)
	last := text[strings.LastIndexByte(strings.TrimSpace(text), '\n')+1:]
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		d.t.Errorf("%s: exit code %d, want %d:\n%s", name, got, code, last)
	}
	for _, w := range words {
		if !strings.Contains(last, w) {
			d.t.Errorf("%s: %q is not in what it said last:\n%s", name, w, last)
		}
	}
}

// remake deletes a topic and makes it anew, as a script of an operator would.
func (d *deployment) remake(topic stream.Topic, partitions int32) {
	d.t.Helper()
	d.drop(topic)
	d.make(topic, partitions)
}

func (d *deployment) drop(topic stream.Topic) {
	d.t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	one := kmsg.NewDeleteTopicsRequestTopic()
	one.Topic = kmsg.StringPtr(d.prefix + string(topic))
	req.TopicNames, req.Topics, req.TimeoutMillis = []string{*one.Topic}, append(req.Topics, one), 10_000
	res, err := req.RequestWith(d.t.Context(), d.admin())
	d.judge("delete topic", err, res.Topics[0].ErrorCode)
}

// make makes a topic that was deleted; deletion goes on behind its answer.
func (d *deployment) make(topic stream.Topic, partitions int32) {
	d.t.Helper()
	d.await("the topic is made anew", time.Minute, func() bool {
		made, err := d.client.Create(d.t.Context(), []stream.TopicSettings{{Topic: topic, Partitions: partitions}}, 1)
		return err == nil && len(made) == 1
	})
}

// fill writes so many records that mean nothing into each partition of a topic.
func (d *deployment) fill(topic stream.Topic, n int) {
	d.t.Helper()
	writer, err := d.client.NewWriter(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	var sends []stream.Send
	for i := range 2 * n {
		sends = append(sends, stream.Send{Topic: topic, Partition: int32(i % 2), Value: []byte("none")})
	}
	if err := writer.Write(d.t.Context(), sends); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) addPartitions(topic stream.Topic, total int32) {
	d.t.Helper()
	req := kmsg.NewPtrCreatePartitionsRequest()
	one := kmsg.NewCreatePartitionsRequestTopic()
	one.Topic, one.Count = d.prefix+string(topic), total
	req.Topics, req.TimeoutMillis = append(req.Topics, one), 10_000
	res, err := req.RequestWith(d.t.Context(), d.admin())
	d.judge("add partitions", err, res.Topics[0].ErrorCode)
}

func (d *deployment) deleteRecords(of stream.Partition, before int64) {
	d.t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	topic, partition := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	topic.Topic, partition.Partition, partition.Offset = d.prefix+string(of.Topic), of.ID, before
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics, req.TimeoutMillis = append(req.Topics, topic), 10_000
	res, err := req.RequestWith(d.t.Context(), d.admin())
	d.judge("delete records", err, res.Topics[0].Partitions[0].ErrorCode)
}

// admin returns a client for what no program of Cordon does.
func (d *deployment) admin() *kgo.Client {
	d.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(d.cluster.Addresses()...))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(client.Close)
	return client
}

func (d *deployment) judge(what string, err error, code int16) {
	d.t.Helper()
	if err == nil {
		err = kerr.ErrorForCode(code)
	}
	if err != nil {
		d.t.Fatalf("%s: %v", what, err)
	}
}
