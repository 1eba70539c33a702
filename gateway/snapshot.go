package gateway

import (
	"encoding/json"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/command"
	"kurir/connector"
	"kurir/directory"
	"kurir/filter"
	"kurir/gsm"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
	"kurir/tally"
)

// Snapshot is the configuration in force: immutable, replaced as a whole.
type Snapshot struct {
	Number   uint32 // grows with every configuration
	Text     []byte // of a Kept
	Accounts *account.Directory
	Routes   *route.Table
	Links    map[string]LinkSettings
	Inbound  *InboundTable
	Commands map[string]*command.Config // that messages from phones start, by name; nil for none
	Series   *SeriesTable               // of case numbers
	Replies  []ReplyRule                // to what messages from phones are answers
	Mail     *Mail                      // how what phones write reaches mailboxes; nil for not at all
	Aliases  *directory.AliasBook       // of mail addresses; nil for none
	Secret   *account.SecretRules       // of all accounts; nil for none
	Prices   map[string]*billing.List   // by name
	TLVs     *message.TLVDictionary     // optional parameters by name; nil knows the specification's
	Country  string                     // default country calling code, "46"
	Validity time.Duration              // of messages that ask for none; 0 means 48 h
	Reported bool                       // a link hands on parameters of receipts
	JoinWait time.Duration              // how long parts of an inbound message are waited for; 0 means what the Options say
	Self     uint64                     // by which other Kurirs know this one; 0 for none
	Retries  []RetryRule                // in place of the defaults
	Choosy   bool                       // a link carries some senders only
	MaxParts int                        // of one message, for accounts that say nothing; 0 means 10
	Filters  map[string]*filter.Filter  // that are asked before a message is accepted, by name; nil for none
	Lists    []directory.List
	Networks *route.Networks // whose a recipient's number is; nil knows nothing

	guard   *guard             // of Lists; nil without one that refuses
	optOuts map[string]*optOut // by account, of those that have opt-out; nil without any

	talking map[string]bool // accounts whose messages from phones stand in conversations

	Dimensions *message.CostDimensions // nil for none

	Schedules []Schedule // messages that are sent again and again

	Rotas *rota.Set // who is on duty; nil for none

	Maintenance []Maintenance // planned

	hourBook *hourBook // filled in by the gateway
}

// Kept is what is stored of a configuration to explain traces by: no secrets.
type Kept struct {
	Links       []string                 `json:"links"`
	MaxValidity map[string]time.Duration `json:"max_validity,omitempty"` // of links that have one
	Groups      map[string][]string      `json:"groups,omitempty"`       // of accounts that are in one
	Routes      []route.Rule             `json:"routes"`

	Senders map[string]*message.SenderAbility `json:"senders,omitempty"` // that links carry, if not all
}

// SetGroups says in which groups an account is.
func (k *Kept) SetGroups(account string, groups []string) {
	if k.Groups == nil {
		k.Groups = map[string][]string{}
	}
	k.Groups[account] = groups
}

// SetSenders says which senders a link carries.
func (k *Kept) SetSenders(link string, senders *message.SenderAbility) {
	if k.Senders == nil {
		k.Senders = map[string]*message.SenderAbility{}
	}
	k.Senders[link] = senders
}

// SetMaxValidity says how long a validity a link tells its operator at most.
func (k *Kept) SetMaxValidity(link string, most time.Duration) {
	if k.MaxValidity == nil {
		k.MaxValidity = map[string]time.Duration{}
	}
	k.MaxValidity[link] = most
}

// Text returns it as it is stored.
func (k *Kept) Text() ([]byte, error) { return json.Marshal(k) }

// LinkSettings is what the gateway needs to know of a link.
type LinkSettings struct {
	Name           string
	Rate           float64       // parts a second; 0 is unlimited
	ReceiptWait    time.Duration // how long after a message's validity a receipt is waited for; 0 means 24 h
	ThrottleWait   time.Duration // pause after the operator asked for less speed; 0 means 100 ms
	FallbackWait   time.Duration // how long the link may be down before what waits takes the next; 0 means 10 s
	ReturnWait     time.Duration // how long a link that was down so long must be up before it is the first choice again; 0 means 30 s
	Once           bool          // uncertain messages are not sent again
	MaxValidity    time.Duration // the longest that the operator is told; 0 for any
	QuietCut       time.Duration // how long a session may be away before that is a warning
	Maintenance    connector.MaintenancePlan
	Planned        []tally.Span // maintenance of once
	Cancel         bool         // the operator may be asked to give a message back
	Replace        bool         // he may be asked to put other content in its place
	SIM            bool         // phones see the number of the link's SIM as the sender, whatever a message says
	ReceiveOnly    bool         // the operator opens the sessions, and nothing is sent by them
	Receipts       ReceiptPolicy
	IDs            IDForms               // how the operator's ids in answers and receipts agree
	InboundNumbers InboundNumbers        // how the operator writes numbers of messages from phones
	Country        string                // calling code of InboundNumbers that are national
	Source         *message.AddressRules // how it shows senders and recipients, for explain; nil for as they are
	Destination    *message.AddressRules
	Senders        *message.SenderAbility // which the operator carries; nil for all
	Languages      gsm.Languages          // whose national tables the operator carries
	ReceiptsFrom   string                 // the scope of the operator's ids that the link shares with others, or ReceiptsFromHost; empty: its own
}

// IDForms says in which forms a receipt may name the id that the answer gave.
type IDForms uint8

// The forms.
const (
	IDsInAnyForm  IDForms = iota // also in hexadecimal instead of decimal, and the other way round
	IDsAsAnswered                // capitals and leading zeros apart
	IDsExactly                   // octet by octet
)

// ReceiptPolicy says when the operator is asked for receipts.
type ReceiptPolicy uint8

// The policies.
const (
	ReceiptsWhenAsked ReceiptPolicy = iota
	ReceiptsAlways
	ReceiptsNever
)

func (s *LinkSettings) setDefaults() {
	if s.ReceiptWait == 0 {
		s.ReceiptWait = 24 * time.Hour
	}
	if s.ThrottleWait == 0 {
		s.ThrottleWait = defaultThrottleWait
	}
	if s.ReturnWait == 0 {
		s.ReturnWait = 30 * time.Second
	}
	if s.FallbackWait == 0 {
		s.FallbackWait = 10 * time.Second
	}
}

func (s *LinkSettings) wantsReceipt(r message.Receipts) bool {
	return s.Receipts == ReceiptsAlways || s.Receipts == ReceiptsWhenAsked && r&message.ReceiptFinal != 0
}
