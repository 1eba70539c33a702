package connector

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// Named is how a link is called, and what it is.
type Named struct {
	// Name of the link, as routes know it.
	Name string `yaml:"name" example:"op1"`
	// Kind is smpp, ucp, cimd2 or modem, and says which of the other fields there are.
	Kind string `yaml:"kind" example:"smpp"`
}

// Common is what may be said of every link, whatever it speaks. A field that is left out has the default named with
// it.
type Common struct {
	// Nodes are the servers (node in their files) that may hold sessions, where several share a database. Empty: all
	// that have the link in their files.
	Nodes []string `yaml:"nodes"`
	// Rate is the highest number of parts a second over all sessions; 0
	// (default) for no limit.
	Rate int `yaml:"rate"`
	// Maintenance is when the operator works on his side: no warnings then, and the
	// link is shown as in maintenance while it is down.
	Maintenance []Maintenance `yaml:"maintenance"`
	// QuietCut is how long a session that was cut may be away before that is a
	// warning and the link shown as down, up to 1h; 0 (default) for none. Many operators
	// cut all sessions once a day.
	QuietCut time.Duration `yaml:"quiet_cut"`
	// Source says how senders are shown to the operator; the first rule that
	// matches counts, and what it leaves out is as source_ton and source_npi say.
	Source []message.AddressRule `yaml:"source"`
	// Destination says how recipients are shown to the operator, likewise.
	Destination []message.AddressRule `yaml:"destination"`
	// Senders says which senders the operator carries. Left out: all.
	Senders *message.SenderAbility `yaml:"senders"`
	// Languages whose national tables (3GPP TS 23.038) the operator carries to its phones; accounts' text: {languages}
	// says which are used: turkish, spanish, portuguese, bengali, gujarati, hindi, kannada, malayalam, oriya, punjabi,
	// tamil, telugu, urdu, or all. A change counts for messages accepted after it.
	// Empty: none.
	Languages []string `yaml:"languages"`
	// Receipts says when the operator is asked for a receipt: when_asked
	// (default: when the customer asked), always or never.
	Receipts string `yaml:"receipts"`
	// ReceiptWait is how long after its validity a message waits for its
	// receipt before it ends as unknown, 1m to 30 days; 24h by default.
	ReceiptWait time.Duration `yaml:"receipt_wait"`
	// ReceiptsFrom says where receipts of this link's messages come from. Left
	// out: by this link. A name that several links give: by any of them, as with
	// an account for sending and another for receiving at one operator, who gives
	// an id to one message of all of them only. host: by the host that took the
	// message, where each of hosts numbers messages on its own. A change counts
	// for messages sent after it.
	ReceiptsFrom string `yaml:"receipts_from"`
	// InboundNumbers says how the operator writes the numbers of messages from
	// phones, the phone's and ours: as_is (default), international (with the
	// country code, whatever their type of number says) or national (without it,
	// unless they are said to be international). They become international, as
	// accounts and rules have them; short codes and names stay.
	InboundNumbers string `yaml:"inbound_numbers"`
	// Country is the calling code of numbers that the operator writes
	// nationally, such as "46"; necessary for inbound_numbers: national.
	Country string `yaml:"country"`
	// MaxValidity is the longest validity that the operator takes; of a message
	// that has longer it is told this much, and the trace says so. 0 (default)
	// for no limit, else 1m to 30 days.
	MaxValidity time.Duration `yaml:"max_validity"`
	// ThrottleWait is how long the link pauses after the operator asked for less
	// speed, 100ms (default) to 10m.
	ThrottleWait time.Duration `yaml:"throttle_wait"`
	// FallbackWait is how long the link may be down before what waits for it
	// takes the next link of its route, 1s to 24h; 10s by default.
	FallbackWait time.Duration `yaml:"fallback_wait"`
	// ReturnWait is how long a link that was down longer than that must be up again before new messages prefer it to the
	// next of their route, 1s to 24h; 30s by default.
	ReturnWait time.Duration `yaml:"return_wait"`
	// Uncertain says what becomes of messages that may or may not have been
	// sent when a session or the server ended: resend (default) or once, which
	// never sends twice and ends them as unknown.
	Uncertain string `yaml:"uncertain"`
	// Contacts are the people to turn to at the operator: who can help with the technical side, who with the commercial.
	Contacts []message.ContactPerson `yaml:"contacts"`

	rewriting *rewriting // Source and Destination, compiled
}

// Remote is what may be said of a link over a network.
type Remote struct {
	// Hosts are the SMSC's addresses, host:port.
	Hosts []string `yaml:"hosts" example:"[127.0.0.1:2776]"`
	// HostsOrder says where a session is opened: first (default; at the host that
	// worked last, at the beginning the first, and if it cannot be, at the next) or
	// turn (sessions are spread over the hosts, and each goes on to the next).
	HostsOrder string `yaml:"hosts_order"`
	// LocalAddress is the IP address of this machine that connections are made
	// from; empty: whichever the system takes.
	LocalAddress string `yaml:"local_address"`
	// Sessions is how many sessions are kept open, 1 (default) to 100; by all servers together that share a database.
	Sessions int `yaml:"sessions" example:"2"`
	// Window is how many parts may be on the wire without an answer, per
	// session: 1 to 10000, 10 by default. The operator names it.
	Window int `yaml:"window" example:"100"`
	// Lookahead is how many parts beyond the window a session holds ready, so
	// that the window is never empty. Default: as many as the window; -1 for
	// none. After a crash window and lookahead together may be sent twice.
	Lookahead int `yaml:"lookahead"`
	// ResponseTimeout is how long a request waits for its answer, 1s to 10m;
	// 30s by default. A message without an answer may have been taken.
	ResponseTimeout time.Duration `yaml:"response_timeout"`
	// Reconnect is the longest pause between two attempts to open a session,
	// 100ms to 1h; 1m by default. The first is half a second to a second, or
	// shorter if this is; they double until a session has outlasted its pause.
	Reconnect time.Duration `yaml:"reconnect"`
	// TLS, if given, encrypts the link.
	TLS *TLSConfig `yaml:"tls"`
}

// loginWithin is how long connection and log-in at one host may take: no shorter than any other request may.
func (r *Remote) loginWithin() time.Duration { return max(30*time.Second, r.ResponseTimeout) }

// The words of the configuration; the first of each is the default.
var (
	hostOrders       = []string{"first", "turn"}
	receiptWords     = []string{"when_asked", "always", "never"}
	inboundNumbering = []string{"as_is", "international", "national"}
	uncertainWords   = []string{"resend", "once"}
)

// scope names what receipts, and texts from phones that come again, may come by: the link of this name, or the group
// whose receipts it shares.
func (c *Common) scope(link string) string {
	if c.ReceiptsFrom == "" || c.ReceiptsFrom == "host" {
		return link
	}
	return c.ReceiptsFrom
}

// validate reports what is wrong with the name.
func (c *Named) validate(check checker) {
	if c.Name == "" {
		check("name", "a link needs a name")
	} else if problem := message.NameProblem(c.Name); problem != "" {
		check("name", problem)
	}
}

// fill gives every field that is left out its default.
func (c *Common) fill() {
	defaultWord(&c.Receipts, receiptWords)
	defaultWord(&c.InboundNumbers, inboundNumbering)
	defaultWord(&c.Uncertain, uncertainWords)
	defaultTo(&c.ReceiptWait, 24*time.Hour)
	defaultTo(&c.ThrottleWait, 100*time.Millisecond)
	defaultTo(&c.FallbackWait, 10*time.Second)
	defaultTo(&c.ReturnWait, 30*time.Second)
	if c.rewriting == nil {
		c.rewriting = &rewriting{source: message.NewAddressRules(c.Source), destination: message.NewAddressRules(c.Destination)}
	}
}

// Plan returns the link's maintenance times. Validate has found nothing wrong with
// them.
func (c *Common) Plan() MaintenancePlan {
	return maintenancePlan(c.Maintenance, func(string, string) {})
}

// ForgetContacts takes out the people, who make no link another one: it is not opened anew when one of them changes.
func (c *Common) ForgetContacts() { c.Contacts = nil }

// validate reports every mistake with the field that it is in.
func (c *Common) validate(check checker) {
	if problem := message.NameProblem(c.ReceiptsFrom); problem != "" {
		check("receipts_from", problem)
	}
	maintenancePlan(c.Maintenance, check)
	for i := range c.Languages {
		if _, err := gsm.ParseLanguages(c.Languages[i : i+1]); err != nil {
			check(fmt.Sprintf("languages[%d]", i), err.Error())
		}
	}
	check.word("receipts", c.Receipts, receiptWords)
	check.word("inbound_numbers", c.InboundNumbers, inboundNumbering)
	if c.InboundNumbers == "national" && c.Country == "" {
		check("country", "inbound_numbers: national needs the calling code of the operator's country, such as \"46\"")
	}
	if c.Country != "" && (!message.AllDigits(c.Country) || c.Country[0] == '0' || len(c.Country) > 3) {
		check("country", fmt.Sprintf("%q is no calling code; it has one to three digits, such as 46", c.Country))
	}
	message.ValidateContactPersons("contacts", c.Contacts, check)
	check.word("uncertain", c.Uncertain, uncertainWords)
	check.number("rate", c.Rate, 1, 1000000)
	check.span("quiet_cut", c.QuietCut, time.Second, time.Hour)
	check.span("receipt_wait", c.ReceiptWait, time.Minute, 30*24*time.Hour)
	check.span("max_validity", c.MaxValidity, time.Minute, 30*24*time.Hour)
	check.span("throttle_wait", c.ThrottleWait, 100*time.Millisecond, 10*time.Minute)
	check.span("fallback_wait", c.FallbackWait, time.Second, 24*time.Hour)
	check.span("return_wait", c.ReturnWait, time.Second, 24*time.Hour)
	message.ValidateAddressRules("source", c.Source, check)
	message.ValidateAddressRules("destination", c.Destination, check)
	if c.Senders != nil {
		c.Senders.Validate(func(field, problem string) { check("senders."+field, problem) })
	}
}

// fill gives every field that is left out its default; window is that of Window.
func (c *Remote) fill(window int) {
	defaultWord(&c.HostsOrder, hostOrders)
	defaultTo(&c.Sessions, 1)
	defaultTo(&c.Window, window)
	defaultTo(&c.Lookahead, c.Window)
	c.Lookahead = max(c.Lookahead, 0)
	defaultTo(&c.ResponseTimeout, 30*time.Second)
	defaultTo(&c.Reconnect, time.Minute)
}

// Reach sets Hosts.
func (c *Remote) Reach(hosts ...string) { c.Hosts = hosts }

// Credit returns how many parts a session takes beyond what has been answered.
func (c *Remote) Credit() int { return c.Window + c.Lookahead }

// validate reports every mistake; needed says that there has to be a host, window how large a window can be.
func (c *Remote) validate(check checker, needed bool, window int) {
	if len(c.Hosts) == 0 && needed {
		check("hosts", "at least one host:port is needed")
	}
	for i, h := range c.Hosts {
		if problem := message.HostPortProblem(h, 1, "smsc.example.com:2775"); problem != "" {
			check(fmt.Sprintf("hosts[%d]", i), problem)
		}
	}
	check.word("hosts_order", c.HostsOrder, hostOrders)
	if c.LocalAddress != "" && net.ParseIP(c.LocalAddress) == nil {
		check("local_address", fmt.Sprintf("%q is no IP address", c.LocalAddress))
	}
	check.number("sessions", c.Sessions, 1, 100)
	check.number("window", c.Window, 1, window)
	check.number("lookahead", c.Lookahead, -1, 100000)
	check.span("response_timeout", c.ResponseTimeout, time.Second, 10*time.Minute)
	check.span("reconnect", c.Reconnect, 100*time.Millisecond, time.Hour)
	if c.TLS != nil {
		c.TLS.validate(check)
	}
}

// defaultWord fills in the first of words.
func defaultWord(field *string, words []string) { defaultTo(field, words[0]) }

// defaultTo fills in a field that is left out.
func defaultTo[T comparable](field *T, def T) {
	var none T
	if *field == none {
		*field = def
	}
}

// checker reports what is wrong with fields.
type checker func(field, problem string)

// word reports a word that is none of those known.
func (check checker) word(field, value string, words []string) {
	if value != "" && !slices.Contains(words, value) {
		check(field, fmt.Sprintf("%q is not known; %s are", value, strings.Join(words, ", ")))
	}
}

// number reports one, if given, that is out of its range.
func (check checker) number(field string, value, least, most int) {
	if value != 0 && (value < least || value > most) {
		check(field, fmt.Sprintf("%d is not between %d and %d", value, least, most))
	}
}

// span is number for a time.
func (check checker) span(field string, value, least, most time.Duration) {
	if value != 0 && (value < least || value > most) {
		check(field, fmt.Sprintf("%v is not between %v and %v", value, least, most))
	}
}

// length reports a text that has no room on the wire.
func (check checker) length(field, value string, most int) {
	if len(value) > most {
		check(field, fmt.Sprintf("at most %d characters fit", most))
	}
	if strings.IndexByte(value, 0) >= 0 {
		check(field, "a NUL character is not possible")
	}
}
