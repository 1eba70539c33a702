package store

import (
	"math"

	"kurir/alarm"
	"kurir/message"
)

// Batch is what one commit writes: records of what happened, of all kinds.
// The store alone knows which rows they become. Slices are filled by package
// gateway and may be reused after Commit has returned.
//
// Within a batch the order is: what is new before its changes (Accepted before
// Replaced before Changed before Erased, Inbound before InboundChanged); of what has a number
// or id of its own that never comes back (Granted, Parts, Held), and of dead letters, additions
// before removals, so that what is added and done in one batch is gone; of the
// spill tables (Waiting, Due, Owed, Open, Missing) removals before additions, so that
// what is removed and added in one batch is there. Removing what is not there
// and changing what is gone are no errors; adding a spilled row again changes
// its time and nothing else.
type Batch struct {
	// Node is whose share the rows of the spill tables belong to that the batch adds,
	// Term the term of that share as its node knows it: when another node has taken the
	// share over meanwhile, nothing is written (ErrFenced).
	Node int
	Term int64

	// Contest, when not nil, is what other nodes may decide about meanwhile.
	Contest *Contest

	// Config, when not zero, is the number of a configuration that has come
	// into force, and ConfigText its routes and links without secrets.
	Config     uint32
	ConfigText []byte

	Accepted []*message.Message // new messages, in the order of their ids
	Changed  []Change           // progress of messages accepted in earlier batches, at most one each
	Replaced []*message.Message // new content, times and receipts of messages accepted in earlier batches, each with a Change
	Erased   []message.ID       // texts to remove before their rows are

	Granted   []Grant // messages that a session may put on the wire once this batch is on disk
	GrantDone []int64 // numbers of grants of which every message has been answered

	Inbound        []*message.Inbound // new inbound messages, in the order of their ids
	InboundChanged []InboundChange
	Parts          []InboundPart // parts of inbound messages that are not complete
	PartsDone      []message.ID  // parts that were joined or given up
	Held           []HeldReport  // receipts that match no message yet
	HeldDone       []int64       // numbers of held receipts that matched or were given up
	WaitingAdd     []Waiting     // spill tables, see docs/store.md
	WaitingRemove  []Waiting     //
	DueAdd         []Due         //
	DueRemove      []message.ID  //
	OwedAdd        []Owed        //
	OwedRemove     []Owed        //
	OpenAdd        []Outstanding //
	OpenRemove     []Outstanding //
	MissingAdd     []Missing     //
	MissingRemove  []Missing     //
	MailAdd        []Mail        // to other nodes
	MailDone       []int64       // numbers of mail that has had its effect
	Dead           []DeadLetter
	DeadGone       []DeadKey
	Mark           message.ID   // when not zero: every open message of Node up to here stands in a spill table or a grant
	Marks          []ShareMark  // likewise, of shares that are being taken over
	Counters       []Counter    // added to what is there
	Money          []MoneyEntry // one per account
	Allowances     []Allowance  // as they are now
	Warned         []Warned     // in this order
	Wishes         []LinkWish   // likewise
	TopUps         []*TopUp     // each with a key that its account has not had
	ListEntries    []ListEntry  // added and taken out in this order
	OptOuts        []*OptOut
	Networks       []Network      // in this order
	Series         []SeriesNumber // one per series
	Alarms         []alarm.Event  // as they are now
	AlarmsAcked    []alarm.Event  // of other gateways, of which nothing is written but who acknowledged them
	AlarmsGone     []message.ID   // that are kept no more
	Escalations    []Escalation   // as they are now, one per id
	Spans          []Span         // as they are now
	Resources      []ResourceChange
	// EscalationsAcked are those of other nodes, of which nothing is written but ID, Acked, AckedBy and Changed.
	EscalationsAcked []Escalation

	Talks []Talk             // what users have written to phones
	Seen  []ConversationSeen // after Inbound and Talks

	Rekey         *Rekey // after Resources; nil for none
	People        []*PeopleChange
	Events        []Event          // in the order of their positions
	EventAccounts []EventAccount   // one per account
	Duplicates    []DuplicateKey   // keys by which repeats are known
	Idempotency   []IdempotencyKey // of requests; none that is remembered already
}

// Rows returns about how many rows the batch writes.
func (b *Batch) Rows() int {
	rows := 0
	if b.Rekey != nil {
		rows = len(b.Rekey.All) + 1
	}
	return rows + len(b.Accepted) + len(b.Changed) + len(b.Replaced) + len(b.Erased) + len(b.Granted) + len(b.GrantDone) +
		len(b.Inbound) + len(b.InboundChanged) + len(b.Parts) + len(b.PartsDone) + len(b.Held) + len(b.HeldDone) +
		len(b.WaitingAdd) + len(b.WaitingRemove) + len(b.DueAdd) + len(b.DueRemove) + len(b.OwedAdd) + len(b.OwedRemove) +
		len(b.OpenAdd) + len(b.OpenRemove) + len(b.MissingAdd) + len(b.MissingRemove) + len(b.MailAdd) + len(b.MailDone) + len(b.Marks) + len(b.Dead) + len(b.DeadGone) + len(b.Counters) + len(b.Money) + len(b.Allowances) + len(b.Warned) + len(b.Wishes) + len(b.TopUps) +
		len(b.ListEntries) + len(b.OptOuts) + len(b.Networks) + len(b.Series) + len(b.Alarms) + len(b.AlarmsAcked) + len(b.AlarmsGone) + len(b.Escalations) + len(b.EscalationsAcked) + len(b.Spans) + len(b.Resources) + len(b.People) +
		len(b.Talks) + len(b.Seen) + len(b.Events) + len(b.EventAccounts) + len(b.Duplicates) + len(b.Idempotency)
}

// Change is the new progress of a message. Log is the whole log; it may share
// memory with a log that grows behind its end. Account is whose it is, Link its
// first one and Via the interface it came by, by which lists find it; without an account they look there whatever they look for.
type Change struct {
	ID    message.ID
	State message.State
	Owed  bool
	Final int64
	Log   []byte

	Account, Link string
	Via           message.Interface
}

// Grant says that a session of a link may send these messages. After a crash
// those without an answer in their log from At on are uncertain.
type Grant struct {
	Number  int64 // given by the gateway, growing, unique in the database
	Link    string
	Session uint32
	At      int64 // Unix milliseconds
	IDs     []message.ID
	Node    int // in answers: in whose share it is
}

// Sessions that never were: of grants that Restore makes of what was open in a
// copy, and that may have been sent since. Their Link is empty.
const (
	SessionRestored      = math.MaxUint32 - iota // what becomes of it is the policy of its link
	SessionRestoredOnce                          // it is not sent again
	SessionRestoredAgain                         // it is sent again
)

// InboundChange is what changed of an inbound message.
type InboundChange struct {
	ID   message.ID
	Owed uint32
	Log  []byte
}

// InboundPart is one part of an inbound message whose others have not come.
type InboundPart struct {
	ID       message.ID // its own
	Key      string     // what belongs together: link, addresses, reference, total
	Number   uint8
	Total    uint8
	Received int64 // Unix milliseconds
	Part     *message.Inbound
	Node     int // in answers: in whose share it is
}

// HeldReport is a receipt that came before the answer that it belongs to, or
// that belongs to nothing.
type HeldReport struct {
	Number   int64 // given by the gateway, growing, unique in the database
	Received int64 // Unix milliseconds
	Report   message.Report
	Node     int // in answers: in whose share it is
}

// Waiting is a message in a link's queue that is not, or not only, in memory.
// Node is in whose share, or Free; all but Expires is its key.
type Waiting struct {
	Node     int
	Link     string
	Priority message.Priority
	Account  string
	ID       message.ID
	Expires  int64
}

// Due is a message to be looked at at a time: scheduled, or to be retried.
type Due struct {
	ID message.ID
	At int64 // Unix milliseconds
}

// Owed is a state (or an inbound message, by its id) owed to a target and not
// in memory only. The whole of it is its key: what is removed must be as it was
// added, Due included. Queue names the target's queue, Due is when to try next
// (0 = as soon as somebody is there), Index the target within the inbound
// message.
type Owed struct {
	Node    int // in whose share, or Free
	Queue   string
	Due     int64
	ID      message.ID
	Inbound bool
	Index   uint8
}

// Outstanding is an operator's id whose receipt has been awaited for long.
// Deadline is when the message is given up, Unix milliseconds.
type Outstanding struct {
	Key      uint64 // hash of scope and canonical operator id
	ID       message.ID
	Deadline int64
}

// Missing is a receipt that is missing at a time if it has not come: of the
// message's attempt by the link with that index. At and ID are its key.
type Missing struct {
	At  int64 // Unix milliseconds
	ID  message.ID
	Hop uint8
}

// Counter is an amount to add to a counter that reports read.
type Counter struct {
	Hour    int64 // Unix hours
	Account string
	Link    string
	What    string // such as accepted, delivered, inbound
	N       int64
}

// MoneyEntry is one ledger row of an account for one batch, in micro-units: what
// its balance is after it, and what was charged and is reserved in all.
type MoneyEntry struct {
	Account, Currency          string
	Charged, Reserved, Balance int64
	First, Last                message.ID
}

// DuplicateKey remembers something by which a repeat would be recognised.
type DuplicateKey struct {
	Key     uint64
	ID      message.ID
	Expires int64
}
