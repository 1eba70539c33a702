package gateway

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"

	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// What accounts keep of people: contacts, groups of them and templates. All of it is on disk and read from there page by
// page. The people of one account are changed one change after the other, each with the commit of messages that comes next.

// What an account has, and Owned, which contacts, groups and templates have in common.
type (
	Contact      = store.Contact
	Group        = store.Group
	Template     = store.Template
	GroupMember  = store.Member
	Owned        = store.Owned
	PeopleFilter = store.PeopleFilter
)

// PeopleOf says whose people something is about, and who asks. Account is a book (people_book.go).
type PeopleOf struct {
	Account string
	By      string
}

// PeopleReason is why people are not changed.
type PeopleReason uint8

// The reasons.
const (
	PeopleInvalid   PeopleReason = iota // a field is wrong
	PeopleTaken                         // there is one of that name or number already
	PeopleOutdated                      // somebody changed it since
	PeopleNeeded                        // others name it
	PeopleTooMany                       // more than there may be
	PeopleAmbiguous                     // several have the name
	PeopleGone                          // whose book it is is not there any more
)

// PeopleProblem is what is wrong with one field.
type PeopleProblem struct{ Field, Text string }

// PeopleRefusal is why a change of people was not made.
type PeopleRefusal struct {
	Reason   PeopleReason
	Problems []PeopleProblem // at least one
}

// Error gives the first problem.
func (r *PeopleRefusal) Error() string { return r.Problems[0].Error() }

// Error gives the field and what is wrong with it.
func (p *PeopleProblem) Error() string {
	if p.Field == "" {
		return p.Text
	}
	return p.Field + ": " + p.Text
}

func refusePeople(reason PeopleReason, field, format string, args ...any) *PeopleRefusal {
	return &PeopleRefusal{reason, []PeopleProblem{{field, fmt.Sprintf(format, args...)}}}
}

// tidied gathers what Tidy reports; nil for nothing.
func tidied(tidy func(report func(field, problem string))) error {
	r := &PeopleRefusal{}
	tidy(func(field, problem string) { r.Problems = append(r.Problems, PeopleProblem{field, problem}) })
	if len(r.Problems) == 0 {
		return nil
	}
	return r
}

// peopleLocks is among how many locks accounts are spread.
const peopleLocks = 64

// peopleBook is what the gateway has of people in memory.
type peopleBook struct {
	seed   maphash.Seed
	locks  [peopleLocks]chan struct{} // held while an account's people are read, changed and written
	audits atomic.Int64               // number of the last change on record, of settings too
}

func (b *peopleBook) init() {
	b.seed = maphash.MakeSeed()
	for i := range b.locks {
		b.locks[i] = make(chan struct{}, 1)
	}
}

func (b *peopleBook) lockOf(account string) chan struct{} {
	return b.locks[maphash.String(b.seed, account)%peopleLocks]
}

// NextAudit gives the number of the next change on record. Where there are other
// nodes, whose numbers are not known, it is made of time and node: it grows, and
// is nobody else's.
func (g *Gateway) NextAudit() int64 {
	if !g.store.Shared() {
		return g.people.audits.Add(1)
	}
	for {
		last := g.people.audits.Load()
		next := max(last/store.MaxNodes+1, message.FirstIDAt(g.now()).Millis()-message.ID(0).Millis())*store.MaxNodes + int64(g.opt.Node)
		if g.people.audits.CompareAndSwap(last, next) {
			return next
		}
	}
}

// changePeople makes one change of an account's people and returns when it is on disk. draft reads what there is, which
// nobody else changes meanwhile, and says what is to be written; nil for nothing. It is done to the end when ctx has ended,
// once it has begun. A *message.Failure says that it cannot be written now. kept is the answer to its request, which comes
// on disk with the change.
func (g *Gateway) changePeople(ctx context.Context, account string, kept *keptAnswer, draft func(context.Context) (*store.PeopleChange, error)) error {
	return g.changeBook(ctx, account, kept, func(ctx context.Context) (*store.PeopleChange, error) {
		if _, user := bookOf(account); user != "" && g.snap.Load().Accounts.UserByName(user) == nil {
			return nil, refusePeople(PeopleGone, "", "there is no user %s any more, whose book this was", user)
		}
		return draft(ctx)
	})
}

// changeBook is changePeople also for a book whose user is gone.
func (g *Gateway) changeBook(ctx context.Context, account string, kept *keptAnswer, draft func(context.Context) (*store.PeopleChange, error)) error {
	lock := g.people.lockOf(account)
	select {
	case lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	begun := false
	defer func() {
		if !begun {
			<-lock
		}
	}()
	done := make(chan error, 1)
	kept.take()
	begun = g.job(func() {
		defer func() { <-lock }()
		unlock, err := g.store.Lock(g.ctx, "people of "+account)
		if err != nil {
			g.drop(kept)
			done <- err
			return
		}
		defer unlock()
		c, err := draft(g.ctx)
		if c == nil || err != nil {
			g.drop(kept)
			done <- err
			return
		}
		done <- settledBy(g.ctx, g.addPeople(c, kept))
	})
	if !begun {
		g.drop(kept)
		return &message.Failure{Kind: message.Stopping}
	}
	return settledBy(ctx, done)
}

// writePeople puts a change on disk.
func (g *Gateway) writePeople(c *store.PeopleChange) error {
	return settledBy(g.ctx, g.addPeople(c, nil))
}

// addPeople has a change written, and with it the answer to the request that makes it, whose key was taken for that. done
// tells when it is on disk, or why it is not.
func (g *Gateway) addPeople(c *store.PeopleChange, kept *keptAnswer) (done <-chan error) {
	var answer []byte
	if kept != nil {
		answer = kept.answer()
	}
	g.mu.Lock()
	if g.full != nil {
		refused := make(chan error, 1)
		refused <- g.refusal()
		g.mu.Unlock()
		g.drop(kept)
		return refused
	}
	g.cur.People = append(g.cur.People, c)
	if kept != nil {
		g.remember(kept.key, answer)
	}
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return done
}

// own makes what is new, or changed, an account's: with an id, a revision and who did it. It returns what stands on record
// of it.
func (g *Gateway) own(o *store.Owned, of PeopleOf, noun, name string, fields []string) store.Audit {
	now, action := g.now().UnixMilli(), "change"
	if o.ID == 0 {
		action = "create"
		g.mu.Lock()
		o.ID = g.nextID(g.now())
		g.mu.Unlock()
	}
	o.Account, o.Revision, o.ChangedAt, o.ChangedBy = of.Account, g.NextAudit(), now, of.By
	return store.Audit{Number: o.Revision, At: now, Who: of.By, Kind: noun, Name: auditName(of, name, o.ID), Action: action, Fields: fields, Accounts: auditedFor(of.Account)}
}

// auditName names one on record: contacts by their ids, for what is deleted is not to be known by name for ever.
func auditName(of PeopleOf, name string, id message.ID) string {
	return strings.ReplaceAll(of.Account, bookMark, "/") + "/" + cmp.Or(name, id.String())
}

// auditedFor gives the accounts in whose audit a change in a book stands: nobody's for a user's own book, which nobody else sees.
func auditedFor(book string) []string {
	account, user := bookOf(book)
	if user != "" {
		return nil
	}
	return []string{account}
}

// current refuses a change that is meant for an older revision; 0 is for any.
func current(o *store.Owned, revision int64) error {
	if revision == 0 || revision == o.Revision {
		return nil
	}
	return refusePeople(PeopleOutdated, "", "it was changed by %s at %s; read it again: it has the revision %d",
		o.ChangedBy, time.UnixMilli(o.ChangedAt).UTC().Format(time.RFC3339), o.Revision)
}

// normalFor brings numbers of an account's people into digits with country code.
func (g *Gateway) normalOf(account string) func(string) (message.Address, error) {
	snap := g.snap.Load()
	country := snap.Country
	account, _ = bookOf(account)
	if a := snap.Accounts.ByName(account); a != nil {
		country = cmp.Or(a.Country, country)
	}
	return func(text string) (message.Address, error) { return route.Normalise(text, country) }
}

// peopleKind is how one of contacts, groups and templates is kept: T is one with its owner, D what people say of it.
type peopleKind[T, D any] struct {
	noun   string // in the audit
	byID   func(ctx context.Context, account string, id message.ID) (*T, error)
	of     func(*T) (*D, *Owned)
	tidy   func(d *D, report func(field, problem string))
	differ func(old, changed *D) []string
	clash  func(ctx context.Context, account string, id message.ID, old, changed *D) error // with others; id is 0 for one that is new
	name   func(*D) string                                                                 // in the audit; empty: the id
	put    func(*T) *store.PeopleChange
	remove func(ctx context.Context, of PeopleOf, row *T, audit store.Audit) (*store.PeopleChange, error)
}

// putPerson makes one, if id is 0, or changes one; edit gets it as it is. The errors are ErrNotFound, a *PeopleRefusal,
// that of edit, or a *message.Failure.
func putPerson[T, D any](ctx context.Context, g *Gateway, k *peopleKind[T, D], of PeopleOf, id message.ID, revision int64, edit func(*D) error, key *Answering[*T]) (*T, error) {
	var made *T
	err := g.changePeople(ctx, of.Account, key.with(&made), func(ctx context.Context) (*store.PeopleChange, error) {
		old := new(T)
		if id != 0 {
			var err error
			if old, err = findCurrent(ctx, k, of.Account, id, revision); err != nil {
				return nil, err
			}
		}
		row := *old
		made = &row
		was, _ := k.of(old)
		now, owned := k.of(made)
		if err := edit(now); err != nil {
			return nil, err
		}
		if err := tidied(func(report func(field, problem string)) { k.tidy(now, report) }); err != nil {
			return nil, err
		}
		fields := k.differ(was, now)
		if id != 0 && len(fields) == 0 {
			return nil, nil
		}
		if err := k.clash(ctx, of.Account, id, was, now); err != nil {
			return nil, err
		}
		audit := g.own(owned, of, k.noun, k.name(now), fields)
		c := k.put(made)
		c.Audits = []store.Audit{audit}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// findCurrent reads one that is to be changed or deleted.
func findCurrent[T, D any](ctx context.Context, k *peopleKind[T, D], account string, id message.ID, revision int64) (*T, error) {
	row, err := k.byID(ctx, account, id)
	if err != nil {
		return nil, err
	}
	_, owned := k.of(row)
	return row, current(owned, revision)
}

// deletePerson deletes one, with the errors of putPerson.
func deletePerson[T, D any](ctx context.Context, g *Gateway, k *peopleKind[T, D], of PeopleOf, id message.ID, revision int64) error {
	return g.changePeople(ctx, of.Account, nil, func(ctx context.Context) (*store.PeopleChange, error) {
		row, err := findCurrent(ctx, k, of.Account, id, revision)
		if err != nil {
			return nil, err
		}
		d, _ := k.of(row)
		return k.remove(ctx, of, row, store.Audit{
			Number: g.NextAudit(), At: g.now().UnixMilli(), Who: of.By, Kind: k.noun, Name: auditName(of, k.name(d), id), Action: "delete",
			Accounts: auditedFor(of.Account),
		})
	})
}
