package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/message"
	"kurir/store"
)

const (
	keyKept      = 24 * time.Hour  // a request is remembered after it was answered
	keyWait      = 5 * time.Second // for the answer to the same request
	mostUnderWay = 1 << 16         // requests with keys
)

// Keyed is a request that its customer has named by a key of his own, so that a
// repetition of it does nothing again. It is claimed before anything is made by
// it. What it makes and its answer come on disk together: messages by Accept,
// whose submissions all name it, settings by WriteResource, other things by calls
// that take an Answering. Of what may be done twice the answer follows by Remember.
type Keyed struct {
	Account, Key string
	Request      [16]byte // hash of what was asked

	// Answer makes of the results of Accept what a repetition is answered. It is
	// called from the goroutine that commits, perhaps again after a commit that
	// failed, and must not block.
	Answer func(results []Result) []byte

	taken bool                      // its end comes with a commit, or with that of a job
	given []byte                    // the answer, while a job that it has begun runs
	whole []func([]Result) []Result // from the results of some submissions to those of all, outermost first
	over  chan struct{}             // closed when it is; nil while nobody waits
	lost  bool                      // another node has answered the request: first, or it was another
	first []byte                    // its answer; nil if it was another request
}

// Lost tells, once the submissions of a request have their results, that the same
// request was answered by another node meanwhile: with an answer, which takes the place
// of what the results say, or ErrOtherRequest.
func (k *Keyed) Lost() (answer []byte, err error) {
	switch {
	case !k.lost:
		return nil, nil
	case k.first == nil:
		return nil, ErrOtherRequest
	}
	return k.first, nil
}

// lose notes what the request was answered by another node.
func (k *Keyed) lose(first *store.IdempotencyKey) {
	if k.lost = true; first.Request == k.Request {
		k.first = first.Answer
	}
}

// Answering is the key of a request whose answer is made of a T, which it makes.
// Answer is called when that is about to be written, and must not block. nil is a
// request without a key.
type Answering[T any] struct {
	Key    *Keyed
	Answer func(made T) []byte
}

// with puts off the answer until made is filled in.
func (a *Answering[T]) with(made *T) *keptAnswer {
	if a == nil {
		return nil
	}
	return &keptAnswer{a.Key, func() []byte { return a.Answer(*made) }}
}

// keptAnswer is an answer that comes on disk with what it tells of; nil for none.
type keptAnswer struct {
	key    *Keyed
	answer func() []byte
}

// take has the claim end with what is made, and no longer with the request.
func (k *keptAnswer) take() {
	if k != nil {
		k.key.taken = true
	}
}

// The reasons for which a request with a key is not let in.
var (
	ErrOtherRequest = errors.New("another request came under this key")
	ErrUnderWay     = errors.New("the same request is still under way")
)

type keyName struct{ account, key string }

// keysUnderWay are the requests with keys that have not been answered.
type keysUnderWay struct {
	mu     sync.Mutex
	claims map[keyName]*Keyed
}

// Claim lets a request in if it is the first with its key within a day; the
// caller then calls Release. If it is a repetition, the answer to the first is
// returned, not nil, once that is on disk: it is waited for, at most 5 s, and then
// refused with ErrUnderWay. ErrOtherRequest says that something else was asked
// under the key; a *message.Failure, that too much is under way.
func (g *Gateway) Claim(ctx context.Context, k *Keyed) (answer []byte, err error) {
	if answer, err := g.underWay.claim(ctx, k); err != nil || answer != nil {
		return answer, err
	}
	made, err := g.store.Idempotent(ctx, k.Account, k.Key, g.now().UnixMilli())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	g.Release(k)
	switch {
	case err != nil:
		return nil, err
	case made.Request != k.Request:
		return nil, ErrOtherRequest
	}
	return made.Answer, nil
}

func (u *keysUnderWay) claim(ctx context.Context, k *Keyed) (answer []byte, err error) {
	name := keyName{k.Account, k.Key}
	var patience *time.Timer
	for {
		answer, over, err := u.tryClaim(name, k)
		if over == nil {
			return answer, err
		}
		if patience == nil {
			patience = time.NewTimer(keyWait)
			defer patience.Stop()
		}
		select {
		case <-over:
		case <-patience.C:
			return nil, ErrUnderWay
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryClaim returns what tells when the request is over that has the key, or its
// answer if it has begun a job.
func (u *keysUnderWay) tryClaim(name keyName, k *Keyed) (answer []byte, over <-chan struct{}, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	other := u.claims[name]
	switch {
	case other == nil && len(u.claims) >= mostUnderWay:
		return nil, nil, &message.Failure{Kind: message.Overloaded}
	case other == nil:
		if u.claims == nil {
			u.claims = map[keyName]*Keyed{}
		}
		u.claims[name] = k
		return nil, nil, nil
	case other.Request != k.Request:
		return nil, nil, ErrOtherRequest
	case other.given != nil:
		return other.given, nil, nil
	}
	if other.over == nil {
		other.over = make(chan struct{})
	}
	return nil, other.over, nil
}

// give answers repetitions of a request while what it has begun goes on.
func (u *keysUnderWay) give(k *Keyed, answer []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	k.given = answer
	k.wake()
}

// wake lets those look again who wait for the request.
func (k *Keyed) wake() {
	if k.over != nil {
		close(k.over)
		k.over = nil
	}
}

// Release ends a claim, unless what the request makes is on its way to the disk:
// then that ends it.
func (g *Gateway) Release(k *Keyed) {
	if !k.taken {
		g.underWay.end(k)
	}
}

func (u *keysUnderWay) end(k *Keyed) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.claims, keyName{k.Account, k.Key})
	k.wake()
}

// drop ends a claim that was taken for something that is not made.
func (g *Gateway) drop(k *keptAnswer) {
	if k != nil {
		g.underWay.end(k.key)
	}
}

// taking ends the claim of a request when its submissions have their results.
func (g *Gateway) taking(k *Keyed, done Done) Done {
	k.taken = true
	return func(results []Result) {
		g.underWay.end(k)
		done(results)
	}
}

// Remember puts the answer to a claimed request on disk, after what it has made.
// The error is a *message.Failure, or that of ctx: then it comes there later.
func (g *Gateway) Remember(ctx context.Context, k *Keyed, answer []byte) error {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return f
	}
	g.remember(k, answer)
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	return settledBy(ctx, done)
}

// remember adds the answer to a request to the gather, whose end is its.
func (g *Gateway) remember(k *Keyed, answer []byte) {
	if !k.taken { // its request may be over where it is
		k.taken = true
	}
	g.cur.Idempotency = append(g.cur.Idempotency, k.row(answer, g.now()))
	g.cur.after = append(g.cur.after, func(error) { g.underWay.end(k) })
}

func (k *Keyed) row(answer []byte, now time.Time) store.IdempotencyKey {
	return store.IdempotencyKey{
		Account: k.Account, Key: k.Key, Request: k.Request, Answer: answer, Expires: now.Add(keyKept).UnixMilli(),
	}
}

// within says how the results of some submissions of the request become those
// of all.
func (k *Keyed) within(whole func([]Result) []Result) { k.whole = append(k.whole, whole) }

// answered returns the row of a request whose messages are about to be written;
// false if there are none.
func (k *Keyed) answered(results []Result, now time.Time) (store.IdempotencyKey, bool) {
	for i := len(k.whole) - 1; i >= 0; i-- {
		results = k.whole[i](results)
	}
	if !slices.ContainsFunc(results, func(r Result) bool { return r.Failure == nil }) {
		return store.IdempotencyKey{}, false
	}
	return k.row(k.Answer(results), now), true
}

// rememberAccepts adds the keys of the requests whose messages the gather has.
func (b *gather) rememberAccepts(now time.Time) {
	for i := range b.accepts {
		if a := &b.accepts[i]; a.key != nil {
			if row, made := a.key.answered(a.results, now); made {
				b.Idempotency = append(b.Idempotency, row)
			}
		}
	}
}
