package account

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Account is a customer: who may send, as whom, from where and how much.
type Account struct {
	// Name by which the customer signs in with HTTP Basic and, unless smpp says otherwise, binds over SMPP. It
	// stands in lists and logs. At most 64 octets; to bind over SMPP at most 15.
	Name string `yaml:"name" example:"acme"`
	// Groups are names of the operator's own choice by which rules under routes take several accounts together. Empty:
	// none.
	Groups []string `yaml:"groups" example:"[gold]"`
	// Password for HTTP Basic, the Kannel-compatible interface and, unless smpp says otherwise, SMPP: as it is, or an
	// argon2id hash in PHC form ($argon2id$v=19$...). Empty: only API keys sign in.
	Password message.Secret `yaml:"password" example:"secret"`
	// Keys accepted as "Authorization: Bearer KEY": as they are, or sha256: and the SHA-256 of the key in hex.
	APIKeys []message.Secret `yaml:"api_keys" example:"[acme-key]"`
	// Admin may look after the whole server over REST and with kurir's commands: links, sessions, queues and traces of
	// all accounts. Other accounts see and change their own only.
	Admin bool `yaml:"admin" example:"false"`
	// Senders that the customer may use: exact (ACME, +46701234567), by their beginning (AC*, +4670*), or any (*). A
	// beginning with + permits international numbers only, no names. Empty: only the sender below.
	Senders []string `yaml:"senders" example:"[\"*\"]"`
	// Sender of messages that name none. Empty: a message must name its sender.
	Sender string `yaml:"sender" example:"ACME"`
	// LongSender says what becomes of a sender's name of more than 11 characters: refuse tells a shorter one that would do;
	// shorten takes that. Empty: refuse.
	LongSender string `yaml:"long_sender" example:"refuse"`
	// Addresses from which the customer may come, as networks (192.0.2.0/24) or single addresses. Empty: from anywhere.
	Addresses []string `yaml:"addresses" example:"[127.0.0.0/8, \"::1\"]"`
	// PlainFrom is networks (192.0.2.0/24) or single addresses from which requests over the plain interface are this
	// account's without name and password; of several that have an address the narrowest counts. Empty: none.
	PlainFrom []string `yaml:"plain_from"`
	// Rate is how many parts of messages a second are accepted; what exceeds it is refused with a temporary error.
	// A second's worth may come at once; to operators it goes evenly, in any 100 ms a tenth of the rate and one part at
	// most. Several servers that share a database count together. 0: no limit.
	Rate float64 `yaml:"rate" example:"50"`
	// SMPP is how the customer binds over SMPP.
	SMPP SMPP `yaml:"smpp"`
	// UCP is how the customer logs in over EMI/UCP.
	UCP Login `yaml:"ucp"`
	// CIMD2 is how the customer logs in over CIMD2.
	CIMD2 Login `yaml:"cimd2"`
	// Mail is who may write to phones by mail for this account. Left out: nobody.
	Mail Mail `yaml:"mail"`
	// TLVs are optional parameters of SMPP that every message of the customer has unless it brings them itself, for
	// operators whose connector hands them on: name: value. Names are those of the specification and of tlvs.
	TLVs map[string]string `yaml:"tlvs" example:"{dlt_entity_id: \"1201159123456789012\"}"`
	// Predefined are texts by the number that an SMPP customer gives in sm_default_msg_id instead of a text, 1 to 254:
	// number: text. Those of the server are known besides.
	Predefined map[string]string `yaml:"predefined"`
	// Country is the calling code given to numbers written nationally (070-123 45 67), such as "46". Empty: the server's.
	Country string `yaml:"country" example:"\"46\""`
	// Numbers of ours whose inbound messages belong to this customer. Empty: none.
	Numbers []string `yaml:"numbers" example:"[\"+46737494949\"]"`
	// Lists are distribution lists, which the customer's submit_multi may name. Empty: none.
	Lists []List `yaml:"lists"`
	// Webhook is the address that inbound messages are pushed to, and states of messages that came over REST and name
	// none. Empty: nothing is pushed.
	Webhook string `yaml:"webhook" example:"http://127.0.0.1:9000/events"`
	// WebhookSecret signs what is pushed (Standard Webhooks): whsec_ and base64, or any text. Empty: not signed.
	WebhookSecret message.Secret `yaml:"webhook_secret"`
	// WebhookSecretPrevious is the secret before that, with which what is pushed is signed besides until
	// WebhookSecretPreviousExpires: so the customer changes to another without a pause. Empty: there is none.
	WebhookSecretPrevious message.Secret `yaml:"webhook_secret_previous"`
	// WebhookSecretPreviousExpires is when the previous secret signs no more: a time (2027-01-31T12:00:00Z) or the end of a day
	// in UTC (2027-01-31). Empty: as long as it stands here.
	WebhookSecretPreviousExpires string `yaml:"webhook_secret_previous_expires" example:"\"2036-06-30\""`
	// Mailbox keeps inbound messages until the customer's program has fetched and deleted them over the Ozeki-compatible
	// interface, beside the webhook, and in place of SMPP sessions. What is not deleted within webhooks: {max_age} is given up.
	Mailbox bool `yaml:"mailbox" example:"false"`
	// MailTo is the addresses that inbound messages go to by mail, beside webhook and mailbox, and in place of SMPP sessions;
	// at most 20. docs/mail-out.md describes it. Empty: none.
	MailTo []string `yaml:"mail_to" example:"[anna@example.se]"`
	// DLRURL is the pattern of the report address for the Kannel-compatible interface when a request names none.
	// Empty: no report.
	DLRURL string `yaml:"dlr_url"`
	// Kannel is what else holds for requests over the Kannel-compatible interface.
	Kannel Kannel `yaml:"kannel"`
	// Twilio is how the customer's clients of Twilio sign in. Left out: not at all.
	Twilio Twilio `yaml:"twilio"`
	// Validity is how long messages are tried that do not say so. 0: the server's.
	Validity time.Duration `yaml:"validity" example:"24h"`
	// Hours is when the customer's messages may be sent.
	Hours message.Hours `yaml:"hours"`
	// MaxParts is the number of parts that one message may have; longer texts are refused. 0: the server's.
	MaxParts int `yaml:"max_parts" example:"10"`
	// Text is how texts are written that need more than the GSM alphabet or than one message.
	Text Text `yaml:"text"`
	// Filter is the one of filters that is asked before a message of the customer is accepted. Empty: none.
	Filter string `yaml:"filter"`
	// Source says how senders of the customer's messages are written otherwise, once they are permitted and before a route is
	// chosen; the first rule that matches counts.
	Source []message.AddressRule `yaml:"source"`
	// Destination says how recipients are written otherwise, likewise: lists, states and receipts have them so.
	Destination []message.AddressRule `yaml:"destination"`
	// Secret says which texts of the customer are shown to nobody and erased when the message is final.
	Secret SecretTexts `yaml:"secret"`
	// Priority of messages that name none: bulk, normal, high or urgent. Empty: normal.
	Priority string `yaml:"priority" example:"normal"`
	// Parent is the account above this one: its prices and balance count where this one has none of its own, and its
	// limits hold for all below it together. An account that is another's parent needs no password. Empty: none.
	Parent string `yaml:"parent"`
	// SecondFactor has the users of the account, and of the accounts below, sign in to the pages with a second factor beside the
	// password: who has none sets one up with the next sign-in.
	SecondFactor bool `yaml:"second_factor" example:"false"`
	// Prices is the price list by which the messages of the customer cost. Empty: the parent's; where there is none either,
	// messages cost nothing.
	Prices string `yaml:"prices"`
	// TellPrice has answers to POST /v1/messages say what each message costs at most.
	TellPrice bool `yaml:"tell_price" example:"false"`
	// Balance is what the messages of the customer, and of the accounts below without a balance of their own, are paid
	// from; money comes to it over REST. Left out: the parent's pays; {} is a prepaid balance.
	Balance *Balance `yaml:"balance"`
	// Dimensions is what the cost of the customer's messages, and of those of the accounts below, is put down to where a
	// message does not say so itself: name: value, with names of dimensions. Empty: nothing.
	Dimensions map[string]string `yaml:"dimensions" example:"{cost_centre: \"4711\"}"`
	// Limits is how much may be accepted of the customer and of the accounts below together.
	Limits Limits `yaml:"limits"`
	// Traffic is what is too much or suspicious of the customer's messages. Left out: the server's.
	Traffic *Traffic `yaml:"traffic"`
	// OptOut lets phones opt out of the customer's messages by writing STOP or the like to one of its numbers, in any
	// language of the EU and some more; messages to them are refused. {} is enough. Left out: such words are messages like
	// others.
	OptOut *OptOut `yaml:"opt_out"`
	// Web is how the web pages look to the users of the account, and what of them they see; docs/web-looks.md describes it. Left
	// out: as to those of the account above.
	Web Web `yaml:"web"`
	// Zone is the time zone in which the days and months of limits begin, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`

	// Contacts are the people to turn to about the customer: who can help with the technical side, who with the commercial.
	Contacts []message.ContactPerson `yaml:"contacts"`

	networks []netip.Prefix                             // Addresses, parsed
	extra    *message.Extra                             // TLVs, parsed; nil if there are none
	texts    [message.InterfaceCount]*message.TextRules // of Text, by interface; nil where nothing is said
	secret   *SecretRules                               // of Secret, compiled; nil for none

	rewriting *Rewriting // Source and Destination, compiled; nil for none

	permit *message.Permit // of Hours; nil for always

	bucket *bucket        // what is left of Rate; shared with the account of that name before a reload
	actor  string         // user who acts for it; empty for itself (acting.go)
	home   string         // account of that user
	rights Right          // of that user
	blind  bool           // who acts sees no texts
	above  bool           // another account names it as parent; set by CheckTree
	keyed  bool           // there are keys of its own; set by MarkKeyed
	zone   *time.Location // Zone, loaded; nil for UTC
	signs  time.Time      // WebhookSecretPreviousExpires, parsed; zero for ever
	terms  *Terms         // nil where nothing is said about money and limits, here and above

	looks *Looks // of Web, with what those above say

	special *message.Special // with the Dimensions, also of those above; nil for none

	key *Key // by which it signed in; nil for any other way
}

// SMPP is how an account binds over SMPP 3.4.
type SMPP struct {
	// SystemID to bind with, at most 15 characters. Empty: the account's name.
	SystemID string `yaml:"system_id"`
	// Password to bind with, plain or as an argon2id hash; clients send at most 8 characters by the specification.
	// Empty: the account's password.
	Password message.Secret `yaml:"password"`
	// Sessions is how many may be bound at a time. 0: ten.
	Sessions int `yaml:"sessions" example:"10"`
	// Window is how many requests of a session may be unanswered in each direction, at most 5000. 0: one thousand.
	Window int `yaml:"window" example:"1000"`
	// Alphabet that data_coding 0 means to the customer, both ways: gsm, gsm-packed, latin1, ascii, utf8 or ucs2. Empty:
	// gsm, and texts with octets above 7F are read as UTF-8 or ISO-8859-1.
	Alphabet string `yaml:"alphabet"`
	// ReceiptsPer says what has a receipt: message, joined of those of its parts, or part, one for each when the operator's
	// comes. Empty: message.
	ReceiptsPer string `yaml:"receipts_per"`
	// OverWindow is what happens to requests beyond the window: throttle answers them with ESME_RTHROTTLED, wait leaves
	// them unread until others are answered. Empty: throttle.
	OverWindow string `yaml:"over_window" example:"throttle"`
	// Binds are the kinds that the customer may use: transmitter, receiver, transceiver. Empty: all.
	Binds []string `yaml:"binds" example:"[transceiver]"`
	// Versions of the protocol that the customer may bind with: 3.3, 3.4, 5.0. Empty: all.
	Versions []string `yaml:"versions" example:"[\"3.4\"]"`
	// AddressRange says what the address_range of a bind does. use: messages from phones to other numbers do not come
	// on that session, receipts do. Empty: it has no effect.
	AddressRange string `yaml:"address_range" example:"use"`
	// MessageIDs is the form of message_id: text (13 characters, as over REST), decimal or hex. Empty: text, and for
	// version 3.3 short ids of eight hexadecimal digits, in the text of receipts ten decimal ones.
	MessageIDs string `yaml:"message_ids" example:"text"`
	// Receipts is the operation that carries receipts and messages from phones: deliver_sm, or data_sm (not for version
	// 3.3). Empty: deliver_sm.
	Receipts string `yaml:"receipts" example:"deliver_sm"`
	// Alerts is whether alert_notification hands on what operators say of phones, such as that one can be reached again:
	// phones to which the account has a message under way, or sent one in the last 24 hours. Not for version 3.3.
	Alerts bool `yaml:"alerts"`
	// TLVs names vendors' optional parameters, 0x1400 to 0x3FFF, by which the customer's messages say what other interfaces
	// have fields for: tags as in 0x1510, or names of tlvs. Left out: none.
	TLVs FieldTLVs `yaml:"tlvs"`
	// Zone is the time zone of the dates in receipts, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`
	// Certificate is a name (common name, DNS name or email address) that must stand in the certificate that the
	// customer shows; smpp: {tls: {client_ca}} has to be set. Empty: a customer needs none.
	Certificate string `yaml:"certificate"`
	// Outbind calls the customer when something is owed to him and no session of his receives.
	Outbind Outbind `yaml:"outbind"`

	fields *FieldTags     // TLVs, resolved; nil for none
	zone   *time.Location // Zone, loaded; nil for UTC
}

// Outbind is how a customer is asked to bind: Kurir connects, sends outbind, and he binds on that connection as on any
// other (SMPP 3.4 4.1.7).
type Outbind struct {
	// Host is his host:port. Empty: he is not called.
	Host string `yaml:"host" example:"192.0.2.7:2775"`
	// SystemID that is shown to him, at most 15 characters. Empty: kurir.
	SystemID string `yaml:"system_id"`
	// Password that is shown to him.
	Password message.Secret `yaml:"password"`
}

// ReceiptsPerPart is the ReceiptsPer of an account that gets a receipt for each
// part.
const ReceiptsPerPart = "part"

// LongSenderShorten as Account.LongSender has names of senders shortened.
const LongSenderShorten = "shorten"

// List is a named list of recipients.
type List struct {
	// Name by which submit_multi names it (dl_name), at most 20 octets.
	Name string `yaml:"name" example:"staff"`
	// Numbers of the recipients, at most 5000.
	Numbers []string `yaml:"numbers" example:"[\"+46701234567\"]"`
}

// Bounds on distribution lists.
const (
	MaxListName    = 20   // octets of dl_name (SMPP 3.4 5.2.27)
	MostRecipients = 5000 // of a list, and of a request
)

// MaxSystemID is how many octets a system_id may have (SMPP 3.4 5.2.1).
const MaxSystemID = 15

// What SMPP.Sessions and SMPP.Window mean when they are 0.
const (
	DefaultSessions = 10
	DefaultWindow   = 1000
	MostWindow      = 5000 // more is no good to anyone, and has to be held in memory
)

// SystemID is what the customer binds with over SMPP.
func (a *Account) SystemID() string {
	if a.SMPP.SystemID != "" {
		return a.SMPP.SystemID
	}
	return a.Name
}

// smppPassword is what the customer binds with over SMPP.
func (a *Account) smppPassword() message.Secret {
	if a.SMPP.Password != "" {
		return a.SMPP.Password
	}
	return a.Password
}

// MaxSessions is how many SMPP sessions of the account may be bound at a time.
func (a *Account) MaxSessions() int {
	if a.SMPP.Sessions > 0 {
		return a.SMPP.Sessions
	}
	return DefaultSessions
}

// Window is how many SMPP requests of a session may be unanswered in each direction.
func (a *Account) Window() int {
	if a.SMPP.Window > 0 {
		return a.SMPP.Window
	}
	return DefaultWindow
}

// MaySend tells whether the customer may use this sender. The account's own sender is always permitted, the others are
// compared as message.Address.Matches does.
func (a *Account) MaySend(sender message.Address) bool {
	if a.Sender != "" && strings.TrimPrefix(a.Sender, "+") == sender.Number {
		return true
	}
	return slices.ContainsFunc(a.Senders, sender.Matches)
}

// MayComeFrom tells whether a request of the customer may come from this address.
func (a *Account) MayComeFrom(from netip.Addr) bool {
	return len(a.Addresses) == 0 || contains(a.networks, from)
}

// contains tells whether an address is within one of networks.
func contains(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// networksOf parses addresses that were checked.
func networksOf(addresses []string) (networks []netip.Prefix) {
	for _, text := range addresses {
		if network, err := ParseNetwork(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

// Key is the one by which whoever asks has signed in; nil if that was by a password or one of the account's api_keys.
func (a *Account) Key() *Key { return a.key }

// ParseNetwork reads a network, or an address as the network of that one address.
func ParseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(s)
	return network.Masked(), err
}

// Permit says when messages of the account may be sent; nil for always.
func (a *Account) Permit() *message.Permit {
	if a == nil {
		return nil
	}
	return a.permit
}
