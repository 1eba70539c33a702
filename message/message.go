package message

import (
	"slices"

	"kurir/gsm"
)

// Interface is the kind of interface by which a message came. The numbers are
// stored: never renumber.
type Interface uint8

// The interfaces.
const (
	ViaUnknown Interface = 0
	ViaREST    Interface = 1
	ViaKannel  Interface = 2
	ViaSMPP    Interface = 3
	ViaJasmin  Interface = 4
	ViaTwilio  Interface = 5
	ViaOzeki   Interface = 6
	ViaPlain   Interface = 7 // numbers and text in an address, an answer in lines
	ViaUCP     Interface = 8
	ViaCIMD2   Interface = 9
	ViaSMTP    Interface = 10 // mails
	ViaWeb     Interface = 11 // people on the web pages

	// InterfaceCount is their number, with ViaUnknown.
	InterfaceCount = 12
)

var interfaceNames = [InterfaceCount]string{"unknown", "rest", "kannel", "smpp", "jasmin", "twilio", "ozeki", "plain", "ucp", "cimd2", "smtp", "web"}

// Interfaces are all but ViaUnknown.
func Interfaces() []Interface {
	var list []Interface
	for i := ViaREST; i < InterfaceCount; i++ {
		list = append(list, i)
	}
	return list
}

// InterfaceNames are their names.
func InterfaceNames() []string { return slices.Clone(interfaceNames[ViaREST:]) }

// ParseInterface reads what String wrote; false if there is none of that name.
func ParseInterface(name string) (Interface, bool) {
	i := slices.Index(interfaceNames[:], name)
	return Interface(max(0, i)), i > 0
}

// String returns the interface's name.
func (i Interface) String() string {
	if int(i) < len(interfaceNames) {
		return interfaceNames[i]
	}
	return "unknown"
}

// Priority orders what waits for a link; a higher lane goes first.
type Priority uint8

// The priorities. Interfaces set Normal when the customer says nothing.
const (
	Bulk   Priority = 0
	Normal Priority = 1
	High   Priority = 2
	Urgent Priority = 3

	// Priorities is their number.
	Priorities = 4
)

var priorityNames = [Priorities]string{"bulk", "normal", "high", "urgent"}

// String returns the priority's name.
func (p Priority) String() string {
	if p < Priorities {
		return priorityNames[p]
	}
	return "normal"
}

// ParsePriority reads what String wrote; the empty string is Normal.
func ParsePriority(name string) (Priority, *Failure) {
	if name == "" {
		return Normal, nil
	}
	for p, n := range priorityNames {
		if n == name {
			return Priority(p), nil
		}
	}
	return Normal, Fail(BadContent, "priority", "%q is no priority; bulk, normal, high and urgent are", name)
}

// Receipts says which states the customer asked to be told.
type Receipts uint8

// Bits of Receipts.
const (
	ReceiptSuccess      Receipts = 1 << iota // a final state that is good
	ReceiptFailure                           // a final state that is bad
	ReceiptIntermediate                      // operator took it, buffered, and the like

	ReceiptFinal = ReceiptSuccess | ReceiptFailure
)

// Wants tells whether the customer asked to be told of state s.
func (r Receipts) Wants(s State) bool {
	switch {
	case !s.Final():
		return r&ReceiptIntermediate != 0
	case s == Delivered || s == Sent:
		return r&ReceiptSuccess != 0
	}
	return r&ReceiptFailure != 0
}

// Content is what a message says: a text, or octets with their own coding.
type Content struct {
	Text   string       // UTF-8; empty for binary messages
	Data   []byte       // octets of a binary message; of a text in Want, if it is a part cut within a character
	Header []byte       // user data header with its length octet, as the customer gave it; nil if none
	Want   gsm.Encoding // what the customer asked for; gsm.Auto leaves it to us
	Class  int8         // message class 0 to 3, -1 for none; 0 is flash
	Extra  *Extra       // what SMPP says beyond; nil for most
}

// Message is one short message, also a long one, to one recipient. What stands
// before Progress never changes after acceptance, unless the customer replaces
// the message while it waits: then another Message takes its place.
type Message struct {
	ID        ID
	Account   string
	From, To  Address
	Content   Content
	Reference string // the customer's own; empty if none
	SendAt    int64  // Unix milliseconds; 0 = at once
	Expires   int64  // Unix milliseconds; end of validity
	Target    Target // where states are told; zero for nowhere
	Links     []string
	Price     int64 // micro-units; what was reserved, or charged, at acceptance
	Special   *Special
	Config    uint32 // number of the configuration in force at acceptance

	// Together, for a million messages that wait are a million times what lies between them.
	Via      Interface
	Encoding gsm.Encoding // as measured at acceptance
	Parts    uint8        // as measured at acceptance, 1 to 255
	Priority Priority
	Receipts Receipts

	Progress
}

// Progress is what changes after acceptance.
type Progress struct {
	State State
	Owed  bool  // a state is owed to Target and not yet acknowledged
	Final int64 // Unix milliseconds when the state became final; 0 before
	Log   []byte
}

// TargetKind says by which Receiver something leaves. The numbers are stored:
// never renumber.
type TargetKind uint8

// The kinds of target.
const (
	NoTarget      TargetKind = 0
	SMPPTarget    TargetKind = 1  // any session of the account that receives, over SMPP, UCP or CIMD2
	WebhookTarget TargetKind = 2  // Address is a URL, called with signed JSON; Mask as of ReplyTarget, 0 where its answer is none
	KannelTarget  TargetKind = 3  // Address is a dlr-url with escapes, Mask the dlr-mask
	ReplyTarget   TargetKind = 4  // Address is the template of an answer to the phone, Mask how many it gets within an hour; 0 for what it has to get
	ForwardTarget TargetKind = 5  // Address is the recipients, with commas, and behind a line feed the template of the text
	CommandTarget TargetKind = 6  // Address is the name of a command, Mask as of ReplyTarget, 0 where what it writes is no answer
	JasminTarget  TargetKind = 7  // Address is a URL, called as Jasmin calls; Mask as of JasminLevels
	TwilioTarget  TargetKind = 8  // Address is a URL, called as Twilio calls; Mask is the dialect's own
	ServiceTarget TargetKind = 9  // Address is how Kannel's sms-service calls; Mask as of ReplyTarget
	MailboxTarget TargetKind = 10 // of inbound messages only: nobody is called, the account fetches them and deletes them
	MailTarget    TargetKind = 11 // Address is a mail address, to which a mail goes; of messages to phones as MailReturn writes it

	// TargetCount is their number, with NoTarget.
	TargetCount = 12
)

var targetNames = [TargetCount]string{"none", "smpp", "webhook", "kannel", "reply", "forward", "command", "jasmin", "twilio", "service", "mailbox", "mail"}

// Customer tells whether it leads to a customer's system, and not to phones or programs.
func (k TargetKind) Customer() bool {
	switch k {
	case SMPPTarget, WebhookTarget, KannelTarget, JasminTarget, TwilioTarget, ServiceTarget, MailboxTarget, MailTarget:
		return true
	}
	return false
}

// Called tells whether it leads to a server that is called for the customer, over HTTP or SMTP.
func (k TargetKind) Called() bool { return k.Customer() && k != SMPPTarget && k != MailboxTarget }

// TargetKinds are all kinds but NoTarget.
func TargetKinds() []TargetKind {
	var list []TargetKind
	for k := range targetNames[1:] {
		list = append(list, TargetKind(k+1))
	}
	return list
}

// String returns the kind's name.
func (k TargetKind) String() string {
	if int(k) < len(targetNames) {
		return targetNames[k]
	}
	return "unknown"
}

// Target is where states or an inbound message are owed. It is stored with
// what is owed, so that it survives restarts and changes of configuration.
type Target struct {
	Kind    TargetKind
	Account string
	Address string
	Mask    uint8
}

// IsZero tells whether nothing is owed to anyone.
func (t Target) IsZero() bool { return t.Kind == NoTarget }

// What the Mask of a JasminTarget says.
const (
	JasminLevels = 3 // bits of the dlr-level, of messages to phones
	JasminGet    = 4 // it is called by GET, else by POST
	JasminText   = 8 // content of inbound messages is their text, else the octets of their coding
)

// Report is what an operator says of a message that it took earlier.
type Report struct {
	Scope      string // within which the operator's ids are unique: of a connector the host or nothing, see connector.Answer
	OperatorID string
	State      State       // Enroute when it is an intermediate one
	Code       uint32      // the network's error code, 0 if none
	Failure    FailureKind // what that code means; NoFailure if nobody knows
	Done       int64       // Unix milliseconds, as the operator says; 0 if it does not
	From, To   Address
	Text       string // the receipt as it came, for dialects that pass it on
	TLVs       string // optional parameters that are handed on, as EncodeTLVs has them; empty for none
}

// Inbound is one message from a phone, joined if it came in parts.
type Inbound struct {
	ID       ID
	Link     string
	Account  string // whose it is; empty while no rule or number gives it to one
	From, To Address
	Content  Content
	Encoding gsm.Encoding
	Parts    uint8
	Missing  uint8  // parts that never came
	Gaps     []byte // their numbers, from 1; empty also where they are not known
	Received int64  // Unix milliseconds
	Rule     string
	Series   string // of case numbers, from which Case is; empty for none
	Case     string // its case number
	Tag      string // of the rule that matched; empty for none
	Answers  ID     // the message that it answers; 0 if that is not known
	Targets  []Target
	Owed     uint32 // a bit per target that has not acknowledged
	Log      []byte
	Talk     bool // it stands in a conversation of people with the phone; not read back
}
