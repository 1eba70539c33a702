package gateway

import (
	"context"
	"time"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
)

// Submission is a message that a customer wants to send, to one recipient.
// The interface has authenticated the account; everything else is checked by
// Accept.
type Submission struct {
	Account   *account.Account
	From      string          // as written by the customer; empty means the account's sender
	FromAddr  message.Address // used instead of From when its Number is set (SMPP)
	To        string
	ToAddr    message.Address // used instead of To when its Number is set (SMPP)
	Content   message.Content
	Reference string
	SendAt    time.Time          // zero means at once
	Validity  time.Duration      // 0 means the account's or the server's
	Link      string             // the link it takes whatever the routes say; empty: the routes decide
	Tag       string             // a word for rules of routes; empty for none
	MaxParts  int                // at most so many parts, if that is less than the account's; 0 leaves it to that
	Hours     *message.Hours     // when it may be sent, within its route's or account's hours; nil: as those say
	Target    message.Target     // where states go; its Account is filled in by Accept
	Text      *message.TextRules // in place of the account's; nil for those

	Dimensions map[string]string // what its cost is put down to, in place of what its account says; nil for most

	Via      message.Interface
	Priority message.Priority
	Receipts message.Receipts
	Multi    bool   // with all submissions of the call it is one request, which is known by the id of the first accepted
	Batch    bool   // with all submissions of the call it is one request; without a Reference they are a batch by that
	Stream   uint32 // with Batch: number of a request that is handed over in many calls, which is one batch all the same; 0 for none
	Atomic   bool   // none of the submissions is accepted unless all are
	Secret   bool   // the text is shown to nobody, and erased when the message is final
	Dialog   bool   // the sender gets digits behind it by which an answer is tied to the message
	Answer   bool   // it answers a phone, from the number that this wrote to
	Anytime  bool   // hours do not hold: it answers who has just written, or is an alarm
	OptedOut bool   // it is also for who has opted out, whom it tells so

	Mailing    message.ID // the mailing that it is of (mailing_job.go); 0 for none
	Resent     message.ID // the message that did not arrive and is sent again by this one; 0 for none (resend.go)
	FilteredBy string     // name of the filter that has changed it; left empty by interfaces
	Keyed      *Keyed     // the request that all submissions of the call are of; nil for one without a key
	Settles    *Item      // what is owed no more once it is accepted (answer.go); left nil by interfaces

	Escalates *Asking // the escalation that it begins or goes on with (escalation.go), as Addressed has it; nil for most

	Changed *Changed // what was done to the text already; left nil by interfaces
}

// rules returns how the text is to be written; nil if nothing is said.
func (s *Submission) rules() *message.TextRules {
	if s.Text != nil {
		return s.Text
	}
	return s.Account.TextRules(s.Via)
}

// Result is what became of a Submission.
type Result struct {
	ID       message.ID
	To       message.Address
	Parts    int
	State    message.State
	Encoding gsm.Encoding
	Changed  *Changed         // of the text; nil for most
	More     []message.ID     // further messages that the text took; nil for most
	Cost     *Cost            // what is reserved; nil where the account does not ask (account.Account.TellPrice)
	Failure  *message.Failure // nil when the message was accepted and is on disk

	resent message.ID
}

// Done receives the results of an Accept, in the order of its submissions.
// It is called once, from any goroutine, and must not block.
type Done func([]Result)

// Submit accepts like Accept and waits for the results. The error is only that
// of ctx: the messages may then have been accepted or not.
func (g *Gateway) Submit(ctx context.Context, subs []*Submission) ([]Result, error) {
	ch := make(chan []Result, 1)
	g.Accept(subs, func(r []Result) { ch <- r })
	select {
	case r := <-ch:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Item is one thing owed to a target: a state of a message, or an inbound
// message. Exactly one of Message and Inbound is set; both are read only, and
// only until the item has been answered.
type Item struct {
	Message *message.Message
	State   message.State // the state owed, final, Enroute or Buffered; not for inbound messages
	Part    uint8         // whose state it is, told before the message is final; 0 for the message's
	Inbound *message.Inbound
	Index   int   // of the target within Inbound.Targets
	Tries   int   // how often it was tried before
	Since   int64 // Unix milliseconds since when it is owed
	Target  message.Target

	entry    *entry        // of Message, while its final state is owed
	inb      *inboundEntry // of Inbound
	box      *outbox
	buffered bool             // Buffered is owed behind this intermediate state
	parts    *message.Message // as it was when the receipt of another part came meanwhile
	then     *Item            // the final state, held back until this intermediate one is settled
	due      int64            // Unix milliseconds before which it is not tried; 0 for at once
	queued   bool             // it has come to its turn in the box
	out      bool             // a Receiver has it
	rowed    bool             // a row of the table owed names it
	free     bool             // and that is for whoever has the customer
	settled  bool             // by a message that was accepted (answer.go)
	rowIn    uint64
	rowAt    int32
}

// Verdict is what a target said to an Item.
type Verdict uint8

// The verdicts.
const (
	Acknowledged Verdict = iota // it has it; nothing more is owed
	TryLater                    // it did not answer, or asked for patience: backoff decides when
	NobodyThere                 // no session is bound: kept until Wake
	GiveUp                      // it refuses for good (HTTP 410, say)
)

// Delivered is the verdict on one item.
type Delivered struct {
	Item    *Item
	Verdict Verdict
	Code    uint32 // HTTP status or command_status
	Text    string // what the target said, for the trace
	Untried bool   // with TryLater: nobody was called, because the target rests
	Reply   string // with Acknowledged: what the target answers the phone with; empty for nothing

	// Answer is a message in place of Reply: its account, recipient, sender and what makes it an answer are filled in.
	Answer *Submission

	// Again is set by Gateway.Delivered for TryLater: when the item is tried again, Unix milliseconds. What is too old by
	// then has the Verdict GiveUp in its place.
	Again int64
}

// Receiver is how everything leaves on the customers' side; there is one per
// message.TargetKind, registered by app with Gateway.Receive.
//
// The contract: Deliver takes a batch of items for one account, in order; it
// must not block and answers every item exactly once through
// Gateway.Delivered, in any order and any number at a time. It may be called
// again before it has answered; the gateway never has more than Limit items of
// one account unanswered. A receiver whose customers connect to us calls
// Gateway.Wake when one has.
type Receiver interface {
	Deliver(account string, items []*Item)
	// Limit returns how many items of one account may be unanswered at a time;
	// 0 says that nobody is there. It is called under the gateway's lock and
	// must not call back.
	Limit(account string) int
}
