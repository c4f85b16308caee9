package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// RunnerSettings say how a stage is run.
type RunnerSettings struct {
	// Stage is what to run.
	Stage *stream.Stage
	// Group is the full name of the consumer group.
	Group string
	// SessionTimeout is after how long without a heartbeat a member is taken
	// for dead; 3 s to 60 s.
	SessionTimeout time.Duration
	// TransactionTimeout is after how long the broker aborts a transaction its
	// owner left open, so that readers go on; it bounds every retry as well.
	TransactionTimeout time.Duration
	// Interval is the time between two checkpoints of a partition.
	Interval time.Duration
	// PrefetchBytes is what one fetch of one partition asks for; 64 MiB at most,
	// what is above counts as that. Each input holds one while the task is busy,
	// and the task one in work.
	PrefetchBytes int
	// StartTimeout is how long to wait for the brokers at start; 0: one try.
	StartTimeout time.Duration
	// Tell is called, from several goroutines, with what an operator should
	// know. It must not block.
	Tell func(Notice)
}

// Notice is one event an operator should know of. It holds no record content.
type Notice struct {
	Warning   bool
	Text      string
	Partition int32 // task it concerns, -1 for the whole program
	Err       error
}

// joinBackoff is the pause before a member that was refused joins again.
const joinBackoff = 300 * time.Millisecond

// Runner runs the tasks of one stage that the group assigns to this process.
type Runner struct {
	client   *Client
	settings RunnerSettings
	counts   map[stream.Topic]int32
	board    *stream.Board // nil where the stage is not aligned
	sticky   sticky

	mu      sync.Mutex
	workers map[int32]*worker
	// assigned reports that a generation has said which partitions are ours.
	assigned bool
	gen      *kafka.Generation // the newest
	wait     sync.WaitGroup
	failed   chan error // the first error that ends the program
}

// NewRunner returns a runner; nothing is opened yet.
func NewRunner(c *Client, s RunnerSettings) *Runner {
	return &Runner{client: c, settings: s, workers: map[int32]*worker{}, failed: make(chan error, 1)}
}

// Run works until ctx ends, then stops fetching, commits what is done, leaves
// the group and returns nil. It returns earlier with an error that no retry
// removes. Workers are started by assign and waited for here.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.reach(ctx); err != nil {
		return err
	}
	if err := r.awaitTopics(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	if r.settings.Stage.Aligned {
		r.board = stream.NewBoard(r.counts[r.settings.Stage.State], record.MicrosOf(time.Now()))
	}
	group, err := kafka.NewConsumerGroup(r.groupConfig())
	if err != nil {
		return fmt.Errorf("group %s: %w", r.settings.Group, err)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		r.follow(inner, group)
	}()
	if r.board != nil {
		r.wait.Go(func() { r.watchProgress(inner) })
	}
	select {
	case <-ctx.Done():
	case err = <-r.failed:
	}
	cancel()
	<-joined
	r.assign(inner, nil)
	r.wait.Wait()
	return errors.Join(err, group.Close())
}

// reach waits for the brokers, and says what is missing.
func (r *Runner) reach(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, r.settings.StartTimeout)
	defer cancel()
	var b backoff
	for {
		err := r.client.Reach(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if b.last == 0 {
			r.tell(true, -1, "waiting for Kafka", err)
		}
		if r.client.wait(limit, &b, err) != nil && ctx.Err() == nil {
			return err
		}
	}
}

// awaitTopics waits until every topic of the stage exists, and learns the counts.
func (r *Runner) awaitTopics(ctx context.Context) error {
	var b backoff
	for {
		counts, err := r.stageTopics(ctx)
		if err == nil || ctx.Err() != nil {
			r.counts = counts
			return nil
		}
		if !retryable(err) {
			return err
		}
		if b.last == 0 {
			r.tell(true, -1, "waiting for the topics", err)
		}
		_ = r.client.wait(ctx, &b, err)
	}
}

// stageTopics returns the partition counts of the stage's topics. They must all
// exist, and a task's partition of one go with its partition of the others.
func (r *Runner) stageTopics(ctx context.Context) (map[stream.Topic]int32, error) {
	s := r.settings.Stage
	all, err := r.client.Counts(ctx)
	if err != nil {
		return nil, words(err)
	}
	counts := map[stream.Topic]int32{}
	for _, t := range s.Named() {
		if counts[t] = all[t]; counts[t] == 0 {
			return nil, fmt.Errorf("topic %s: %w", r.client.name(t), words(kafka.UnknownTopicOrPartition))
		}
	}
	tasks, like := int32(1), "one, for there is one task"
	if !s.Single {
		tasks = counts[s.Inputs[0]]
		like = fmt.Sprintf("%d as %s has", tasks, r.client.name(s.Inputs[0]))
	}
	for _, t := range append([]stream.Topic{s.State}, s.Inputs...) {
		if one := counts[t] == 1 && t != s.State && t != s.Inputs[0]; counts[t] != tasks && !one && (t == s.State || !s.Single) {
			return nil, failure.Usage(fmt.Errorf("topic %s has %d partitions and must have %s; start over under another topics.prefix, with topics that cordonctl topics create makes", r.client.name(t), counts[t], like))
		}
	}
	return counts, nil
}

// groupConfig makes the group share out the state topic: a partition for each task.
func (r *Runner) groupConfig() kafka.ConsumerGroupConfig {
	return kafka.ConsumerGroupConfig{
		ID: r.settings.Group, Brokers: r.client.settings.Brokers,
		Dialer:         &kafka.Dialer{ClientID: r.client.settings.ClientID, TLS: r.client.settings.TLS, SASLMechanism: r.client.auth, Timeout: requestTimeout},
		Topics:         []string{r.client.name(r.settings.Stage.State)},
		GroupBalancers: []kafka.GroupBalancer{&r.sticky},
		SessionTimeout: r.settings.SessionTimeout, RebalanceTimeout: r.settings.SessionTimeout,
		HeartbeatInterval: r.settings.SessionTimeout / 6, JoinGroupBackoff: joinBackoff,
	}
}

// follow applies each generation's assignment until ctx ends. Workers outlive
// generations: only partitions that move are stopped or started.
func (r *Runner) follow(ctx context.Context, group *kafka.ConsumerGroup) {
	told := false // of the failure that lasts
	for ctx.Err() == nil {
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && refusesMember(err):
			r.fail(fmt.Errorf("group %s: %w", r.settings.Group, words(err)))
			return
		case err != nil:
			if !told {
				r.tell(!forming(err), -1, "group membership lost, joining again", err)
			}
			told = true
			_ = sleep(ctx, joinBackoff)
			continue
		}
		told = false
		var ids []int32
		for _, a := range gen.Assignments[r.client.name(r.settings.Stage.State)] {
			ids = append(ids, int32(a.ID))
		}
		slices.Sort(ids)
		r.sticky.hold(ids)
		r.mu.Lock()
		r.gen = gen
		r.mu.Unlock()
		r.assign(ctx, ids)
		gen.Start(func(life context.Context) {
			r.showLag(life, gen)
			r.checkpoint(ctx)
		})
	}
}

// checkpointWithin bounds the checkpoint before a rebalance: the group waits for
// this member meanwhile, and must not take it for dead.
const checkpointWithin = 2 * time.Second

// checkpoint asks every task for a checkpoint and waits for them. A generation
// ends with it: whoever gets a partition next then has little to repeat, and the
// others have not stood still.
func (r *Runner) checkpoint(ctx context.Context) {
	limit, cancel := context.WithTimeout(ctx, checkpointWithin)
	defer cancel()
	var waits sync.WaitGroup
	r.mu.Lock()
	for _, w := range r.workers {
		waits.Go(func() { w.ask(limit) })
	}
	r.mu.Unlock()
	waits.Wait()
}

func (r *Runner) tell(warning bool, id int32, text string, err error) {
	if r.settings.Tell != nil {
		r.settings.Tell(Notice{Warning: warning, Text: text, Partition: id, Err: err})
	}
}

// fail ends the program with err.
func (r *Runner) fail(err error) {
	select {
	case r.failed <- err:
	default: // another one was first
	}
}
