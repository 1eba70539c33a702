package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/message"
)

// JobState is where a job stands.
type JobState string

// The states of a job.
const (
	JobRunning JobState = "running"
	JobPaused  JobState = "paused" // mailings only: it goes on when somebody says so
	JobDone    JobState = "done"
	JobStopped JobState = "stopped"
	JobFailed  JobState = "failed"
)

// Open tells whether a job has not ended.
func (s JobState) Open() bool { return s == JobRunning || s == JobPaused }

// Job is what all long jobs that somebody asks for have in common. But for mailings
// they are not kept over a restart: what they did is.
type Job struct {
	ID    message.ID
	By    string // account that asked for it
	State JobState
	Began time.Time
	Ended time.Time // zero while it runs
	Err   error     // why it failed
}

// jobsKept is how many jobs of a kind are shown, those that have ended included.
const jobsKept = 100

// job is one under way, or that has ended.
type job struct {
	account string // for whom; empty for everybody
	stop    context.CancelFunc
	ended   chan struct{} // closed at its end

	mu   sync.Mutex  // guards what follows, and what the kind of job has of its own
	kept *keptAnswer // to the request that began it, until its end
	Job
}

func (j *job) base() *job { return j }

func (j *job) state() JobState {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.State
}

// jobList is the jobs of a kind since the start, oldest first.
type jobList[J interface{ base() *job }] struct {
	mu   sync.Mutex
	list []J
}

// begin begins a job, unless refuse, which gets those that run, says why not.
// end is called when it has ended.
func (l *jobList[J]) begin(g *Gateway, by string, j J, refuse func(running []J) error, run func(context.Context, J) error, end func(J)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var running []J
	for _, have := range l.list {
		if have.base().state().Open() {
			running = append(running, have)
		}
	}
	if err := refuse(running); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return ErrStopped
	}
	now, b := g.now(), j.base()
	ctx, stop := context.WithCancel(g.ctx)
	b.stop, b.ended = stop, make(chan struct{})
	if b.ID == 0 { // else it goes on after a start
		b.ID, b.Began = g.nextID(now), now
	}
	if b.By = by; b.State == "" {
		b.State = JobRunning
	}
	l.add(j)
	g.jobs.Go(func() {
		defer stop()
		b.end(run(ctx, j), g.now())
		g.keepAnswer(b)
		end(j)
	})
	return nil
}

// answering has repetitions of the request that began a job answered as it was, while
// the job runs and, from the disk, when it is done or somebody has stopped it. Of one
// that failed, or that the gateway's end cut short, nothing is kept: it can be begun
// anew, and does not do again what is done.
func (g *Gateway) answering(j *job, kept *keptAnswer) {
	if kept == nil {
		return
	}
	kept.take()
	g.underWay.give(kept.key, kept.answer())
	j.mu.Lock()
	j.kept = kept
	ended := !j.State.Open()
	j.mu.Unlock()
	if ended {
		g.keepAnswer(j)
	}
}

// keepAnswer ends the request that began a job when the job has ended.
func (g *Gateway) keepAnswer(j *job) {
	j.mu.Lock()
	kept := j.kept
	j.kept = nil
	whole := j.State == JobDone || j.State == JobStopped && g.ctx.Err() == nil
	j.mu.Unlock()
	if kept == nil {
		return
	}
	g.mu.Lock()
	whole = whole && g.full == nil
	if whole {
		g.remember(kept.key, kept.key.given)
	}
	g.mu.Unlock()
	if whole {
		g.signal()
	} else {
		g.drop(kept)
	}
}

// keep adds a job that had ended before the start.
func (l *jobList[J]) keep(j J) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(j)
}

// add adds a job and forgets the oldest that has ended if there are too many.
func (l *jobList[J]) add(j J) {
	l.list = append(l.list, j)
	if len(l.list) <= jobsKept {
		return
	}
	if i := slices.IndexFunc(l.list, func(old J) bool { return !old.base().state().Open() }); i >= 0 {
		l.list = slices.Delete(l.list, i, i+1)
	}
}

func (j *job) end(err error, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer close(j.ended)
	j.Ended, j.State = now, JobDone
	switch {
	case errors.Is(err, context.Canceled):
		j.State = JobStopped
	case err != nil:
		j.State, j.Err = JobFailed, err
	}
}

// of returns the jobs for an account (all for the empty one), newest first.
func (l *jobList[J]) of(account string) (list []J) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, j := range slices.Backward(l.list) {
		if account == "" || j.base().account == account {
			list = append(list, j)
		}
	}
	return list
}

// find returns a job for an account (any for the empty one). The error is
// ErrNotFound for an unknown id and for somebody else's.
func (l *jobList[J]) find(account string, id message.ID) (j J, err error) {
	for _, j := range l.of(account) {
		if j.base().ID == id {
			return j, nil
		}
	}
	return j, ErrNotFound
}
