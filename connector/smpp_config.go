package connector

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// SMPPConfig describes a link to an SMSC. Only name, hosts and system_id are
// necessary; a field that is left out has the default named with it.
type SMPPConfig struct {
	// Name of the link, as routes know it.
	Name string `yaml:"name" example:"op1"`
	// Kind is smpp.
	Kind string `yaml:"kind" example:"smpp"`
	// Hosts are the SMSC's addresses, host:port.
	Hosts []string `yaml:"hosts" example:"[127.0.0.1:2776]"`
	// HostsOrder says where a session is opened: first (default; at the host that
	// worked last, at the beginning the first, and if it cannot be, at the next) or
	// turn (sessions are spread over the hosts, and each goes on to the next).
	HostsOrder string `yaml:"hosts_order"`
	// LocalAddress is the IP address of this machine that connections are made
	// from; empty: whichever the system takes.
	LocalAddress string `yaml:"local_address"`
	// SystemID is our name at the SMSC, at most 15 characters.
	SystemID string `yaml:"system_id" example:"kurir"`
	// Password at the SMSC. The specification allows 8 characters; more are
	// sent if given.
	Password message.Secret `yaml:"password" example:"secret"`
	// SystemType is given in the bind, at most 12 characters; often empty.
	SystemType string `yaml:"system_type"`
	// ServiceType is given with every message, at most 5 characters; often empty.
	ServiceType string `yaml:"service_type"`
	// Pass says what is handed on of what customers say: service_type (else the one above), protocol_id, esm_class
	// (mode and type), reply_path, registered_delivery (its requests to the other end), sm_default_msg_id. Empty: nothing.
	Pass []string `yaml:"pass" example:"[service_type, protocol_id]"`
	// TLVs says which optional parameters (SMPP 3.4 5.3) go over the link.
	TLVs TLVConfig `yaml:"tlvs"`
	// Version of the protocol that the bind announces: 3.3, 3.4 (default) or 5.0.
	Version string `yaml:"version"`
	// Bind is transceiver (default, one connection for both directions) or
	// receiver+transmitter (a connection for each).
	Bind string `yaml:"bind"`
	// AddressRange is given in the bind: which numbers a receiver serves; often empty.
	AddressRange string `yaml:"address_range"`
	// Sessions is how many sessions are kept open, 1 (default) to 100; by all servers together that share a database.
	Sessions int `yaml:"sessions" example:"2"`
	// Nodes are the servers (node in their files) that may hold sessions, where several share a database. Empty: all
	// that have the link in their files.
	Nodes []string `yaml:"nodes"`
	// Window is how many parts may be on the wire without an answer, per
	// session: 1 to 10000, 10 by default. The operator names it.
	Window int `yaml:"window" example:"100"`
	// Lookahead is how many parts beyond the window a session holds ready, so
	// that the window is never empty. Default: as many as the window; -1 for
	// none. After a crash window and lookahead together may be sent twice.
	Lookahead int `yaml:"lookahead"`
	// Rate is the highest number of parts a second over all sessions; 0
	// (default) for no limit.
	Rate int `yaml:"rate"`
	// EnquireLink is after how long a silence we ask whether the peer is
	// alive, 1s to 1h; 30s by default.
	EnquireLink time.Duration `yaml:"enquire_link"`
	// ResponseTimeout is how long a request waits for its answer, 1s to 10m;
	// 30s by default. A message without an answer may have been taken.
	ResponseTimeout time.Duration `yaml:"response_timeout"`
	// Reconnect is the longest pause between two attempts to open a session,
	// 100ms to 1h; 1m by default. The first is half a second to a second, or
	// shorter if this is; they double until a session has outlasted its pause.
	Reconnect time.Duration `yaml:"reconnect"`
	// QuietCut is how long a session that was cut may be away before that is a
	// warning and the link shown as down, up to 1h; 0 (default) for none. Many operators
	// cut all sessions once a day.
	QuietCut time.Duration `yaml:"quiet_cut"`
	// Maintenance is when the operator works on his side: no warnings then, and the
	// link is shown as in maintenance while it is down.
	Maintenance []Maintenance `yaml:"maintenance"`
	// SourceTON is the type of number given with every sender, 0 to 6. Left out: what
	// follows from the sender, 5 for a name, 1 for an international number.
	SourceTON *uint8 `yaml:"source_ton"`
	// SourceNPI is the numbering plan given with every sender. Left out: 0 for
	// a name, 1 for a number.
	SourceNPI *uint8 `yaml:"source_npi"`
	// DestTON is the type of number given with every recipient, 0 to 6. Left out: 1
	// for an international number.
	DestTON *uint8 `yaml:"dest_ton"`
	// DestNPI is the numbering plan given with every recipient. Left out: 1.
	DestNPI *uint8 `yaml:"dest_npi"`
	// Source says how senders are shown to the operator; the first rule that
	// matches counts, and what it leaves out is as source_ton and source_npi say.
	Source []message.AddressRule `yaml:"source"`
	// Destination says how recipients are shown to the operator, likewise.
	Destination []message.AddressRule `yaml:"destination"`
	// Senders says which senders the operator carries. Left out: all.
	Senders *message.SenderAbility `yaml:"senders"`
	// Alphabet is what data_coding 0 means to the operator: gsm (default), an
	// octet per septet; gsm-packed, septets packed as on the air; latin1; ascii;
	// utf8; or ucs2, with which every text goes out as UCS-2.
	Alphabet string `yaml:"alphabet"`
	// Languages whose national tables (3GPP TS 23.038) the operator carries to its phones; accounts' text: {languages}
	// says which are used: turkish, spanish, portuguese, bengali, gujarati, hindi, kannada, malayalam, oriya, punjabi,
	// tamil, telugu, urdu, or all. For alphabet gsm and gsm-packed. A change counts for messages accepted after it.
	// Empty: none.
	Languages []string `yaml:"languages"`
	// GuessCoding, if true, reads texts from phones by what their octets are where data_coding is plainly wrong: UTF-8 or
	// ISO-8859-1 said to be GSM's, UTF-16 said to be 8-bit text, ASCII said to be UTF-16, text said to be binary.
	GuessCoding bool `yaml:"guess_coding"`
	// Priority says what priority_flag is: map (default; 0 for bulk and normal,
	// 1 for high, 2 for urgent), or none, always 0.
	Priority string `yaml:"priority"`
	// Long says how the parts of a long message are marked: udh (default;
	// header with a reference of 8 bits), udh16 (16 bits), sar (SAR
	// parameters), payload (the whole text in message_payload; the operator cuts
	// it), or single (the whole text in short_message, for the operator to cut, if
	// it fits into its 254 octets, else as udh).
	Long string `yaml:"long"`
	// Receipts says when the operator is asked for a receipt: when_asked
	// (default: when the customer asked), always or never.
	Receipts string `yaml:"receipts"`
	// ReceiptWait is how long after its validity a message waits for its
	// receipt before it ends as unknown, 1m to 30 days; 24h by default.
	ReceiptWait time.Duration `yaml:"receipt_wait"`
	// MessageIDs says how ids in answers and in receipts agree: auto (default;
	// compared in every usual form), string (exactly, capitals and leading zeros
	// included), hex_decimal (hexadecimal in the answer and decimal in the
	// receipt) or decimal_hex. A change counts for messages sent after it.
	MessageIDs string `yaml:"message_ids"`
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
	// Validity says how the end of validity is told to the operator: relative
	// (default), absolute (UTC), or none when the operator does not like it.
	Validity string `yaml:"validity"`
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
	// Failures says what the operator's answers mean to him where that is not what the specification says: a
	// command_status, by name (ESME_RSUBMITFAIL) or number (0x400), and throttled, busy, absent, memory_full, refused,
	// bad_recipient, bad_sender or bad_content. The first four pass, and the message is tried again.
	Failures map[string]string `yaml:"failures" example:"{\"0x400\": absent}"`
	// ReceiptFailures says likewise what error codes of receipts mean: the number of network_error_code or after err:.
	// Left out: those of a GSM network are known, others shown as numbers.
	ReceiptFailures map[string]string `yaml:"receipt_failures" example:"{\"027\": absent}"`
	// Cancel, if true, lets a customer take back a message that the operator has:
	// he is asked by cancel_sm.
	Cancel bool `yaml:"cancel"`
	// Replace says whether a customer may put other content in the place of a
	// message of one part that the operator has: he is asked by replace_sm.
	Replace bool `yaml:"replace"`
	// Uncertain says what becomes of messages that may or may not have been
	// sent when a session or the server ended: resend (default) or once, which
	// never sends twice and ends them as unknown.
	Uncertain string `yaml:"uncertain"`
	// Outbind, if given, lets the SMSC connect to us and ask for a bind as receiver; these connections are not encrypted.
	// Hosts may then be left out, if nothing is to be sent.
	Outbind *OutbindConfig `yaml:"outbind"`
	// TLS, if given, encrypts the link.
	TLS *TLSConfig `yaml:"tls"`

	fields    *smppFields    // Pass and TLVs, resolved
	rewriting *smppRewriting // Source and Destination, compiled
}

// TLSConfig says how a link to an operator is encrypted.
type TLSConfig struct {
	// CA is a file of certificates (PEM) that are trusted instead of the system's.
	CA string `yaml:"ca"`
	// ServerName is the name in the peer's certificate if it is not the host.
	ServerName string `yaml:"server_name"`
	// Cert is a file with the certificate (PEM) by which we show who we are, if the operator asks.
	Cert string `yaml:"cert"`
	// Key is the file of its private key (PEM).
	Key string `yaml:"key"`
	// Insecure, if true, accepts any certificate: only for tests.
	Insecure bool `yaml:"insecure"`
}

// The words of the configuration; the first of each is the default.
var (
	smppVersions  = []string{"3.4", "3.3", "5.0"}
	smppBinds     = []string{"transceiver", "receiver+transmitter"}
	smppAlphabets = gsm.DefaultAlphabets()
	smppPriority  = []string{"map", "none"}
	smppLongs     = []string{"udh", "udh16", "sar", "payload", "single"}
	smppOrders    = []string{"first", "turn"}
	smppReceipts  = []string{"when_asked", "always", "never"}
	smppIDs       = []string{"auto", "string", "hex_decimal", "decimal_hex"}
	smppValidity  = []string{"relative", "absolute", "none"}
	smppNumbers   = []string{"as_is", "international", "national"}
	smppUncertain = []string{"resend", "once"}
)

// WithDefaults returns the configuration with every field filled in.
func (c SMPPConfig) WithDefaults() SMPPConfig {
	word := func(field *string, words []string) {
		if *field == "" {
			*field = words[0]
		}
	}
	word(&c.Version, smppVersions)
	word(&c.Bind, smppBinds)
	word(&c.HostsOrder, smppOrders)
	word(&c.Alphabet, smppAlphabets)
	word(&c.Priority, smppPriority)
	word(&c.Long, smppLongs)
	word(&c.Receipts, smppReceipts)
	word(&c.MessageIDs, smppIDs)
	word(&c.InboundNumbers, smppNumbers)
	word(&c.Validity, smppValidity)
	word(&c.Uncertain, smppUncertain)
	number := func(field *int, def int) {
		if *field == 0 {
			*field = def
		}
	}
	number(&c.Sessions, 1)
	number(&c.Window, 10)
	number(&c.Lookahead, c.Window)
	c.Lookahead = max(c.Lookahead, 0)
	span := func(field *time.Duration, def time.Duration) {
		if *field == 0 {
			*field = def
		}
	}
	span(&c.EnquireLink, 30*time.Second)
	span(&c.ResponseTimeout, 30*time.Second)
	span(&c.Reconnect, time.Minute)
	span(&c.ReceiptWait, 24*time.Hour)
	span(&c.ThrottleWait, 100*time.Millisecond)
	span(&c.FallbackWait, 10*time.Second)
	if c.rewriting == nil {
		c.rewriting = &smppRewriting{source: message.NewAddressRules(c.Source), destination: message.NewAddressRules(c.Destination)}
	}
	span(&c.ReturnWait, 30*time.Second)
	if c.fields == nil {
		c.Resolve(nil, func(string, string) {})
	}
	return c
}

// Credit returns how many parts a session takes beyond what has been answered.
func (c SMPPConfig) Credit() int {
	c = c.WithDefaults()
	return c.Window + c.Lookahead
}

// Validate reports every mistake with the field that it is in.
func (c SMPPConfig) Validate(report func(field, problem string)) {
	if c.Name == "" {
		report("name", "a link needs a name")
	} else if problem := message.NameProblem(c.Name); problem != "" {
		report("name", problem)
	}
	if problem := message.NameProblem(c.ReceiptsFrom); problem != "" {
		report("receipts_from", problem)
	}
	if c.Outbind != nil {
		c.Outbind.validate(report)
	}
	if len(c.Hosts) == 0 && c.Outbind == nil {
		report("hosts", "at least one host:port is needed")
	}
	for i, h := range c.Hosts {
		if problem := message.HostPortProblem(h, 1, "smsc.example.com:2775"); problem != "" {
			report(fmt.Sprintf("hosts[%d]", i), problem)
		}
	}
	if c.LocalAddress != "" && net.ParseIP(c.LocalAddress) == nil {
		report("local_address", fmt.Sprintf("%q is no IP address", c.LocalAddress))
	}
	if c.SystemID == "" {
		report("system_id", "the operator names it; it cannot be empty")
	}
	c.validateLengths(report)
	c.validateRanges(report)
	word := func(field, value string, words []string) {
		if value != "" && !slices.Contains(words, value) {
			report(field, fmt.Sprintf("%q is not known; %s are", value, strings.Join(words, ", ")))
		}
	}
	word("version", c.Version, smppVersions)
	word("bind", c.Bind, smppBinds)
	word("hosts_order", c.HostsOrder, smppOrders)
	maintenancePlan(c.Maintenance, report)
	word("alphabet", c.Alphabet, smppAlphabets)
	for i := range c.Languages {
		if _, err := gsm.ParseLanguages(c.Languages[i : i+1]); err != nil {
			report(fmt.Sprintf("languages[%d]", i), err.Error())
		}
	}
	if len(c.Languages) > 0 && c.Alphabet != "" && c.Alphabet != "gsm" && c.Alphabet != "gsm-packed" {
		report("languages", "national tables go with alphabet gsm or gsm-packed only")
	}
	word("priority", c.Priority, smppPriority)
	word("long", c.Long, smppLongs)
	word("receipts", c.Receipts, smppReceipts)
	word("message_ids", c.MessageIDs, smppIDs)
	word("inbound_numbers", c.InboundNumbers, smppNumbers)
	if c.InboundNumbers == "national" && c.Country == "" {
		report("country", "inbound_numbers: national needs the calling code of the operator's country, such as \"46\"")
	}
	if c.Country != "" && (!message.AllDigits(c.Country) || c.Country[0] == '0' || len(c.Country) > 3) {
		report("country", fmt.Sprintf("%q is no calling code; it has one to three digits, such as 46", c.Country))
	}
	word("validity", c.Validity, smppValidity)
	word("uncertain", c.Uncertain, smppUncertain)
	c.meanings(report)
	if c.Version == "3.3" {
		if c.Bind != "receiver+transmitter" {
			report("bind", "SMPP 3.3 has no transceiver; use receiver+transmitter")
		}
		if c.Long == "sar" || c.Long == "payload" {
			report("long", c.Long+" needs optional parameters, which SMPP 3.3 does not have; use udh")
		}
	}
	message.ValidateNumbering(report, "source_ton", c.SourceTON, "source_npi", c.SourceNPI)
	message.ValidateNumbering(report, "dest_ton", c.DestTON, "dest_npi", c.DestNPI)
	message.ValidateAddressRules("source", c.Source, report)
	message.ValidateAddressRules("destination", c.Destination, report)
	if c.Senders != nil {
		c.Senders.Validate(func(field, problem string) { report("senders."+field, problem) })
	}
	if c.TLS != nil {
		c.TLS.validate(report)
	}
}

// validateLengths checks texts against the room they have in a PDU
// (SMPP 3.4 5.2), which includes a NUL.
func (c SMPPConfig) validateLengths(report func(field, problem string)) {
	length := func(field, value string, most int) {
		if len(value) > most {
			report(field, fmt.Sprintf("at most %d characters fit", most))
		}
		if strings.IndexByte(value, 0) >= 0 {
			report(field, "a NUL character is not possible")
		}
	}
	length("system_id", c.SystemID, 15)
	length("password", string(c.Password), 64)
	length("system_type", c.SystemType, 12)
	length("service_type", c.ServiceType, 5)
	length("address_range", c.AddressRange, 40)
}

func (c SMPPConfig) validateRanges(report func(field, problem string)) {
	number := func(field string, value, least, most int) {
		if value != 0 && (value < least || value > most) {
			report(field, fmt.Sprintf("%d is not between %d and %d", value, least, most))
		}
	}
	number("sessions", c.Sessions, 1, 100)
	number("window", c.Window, 1, 10000)
	number("lookahead", c.Lookahead, -1, 100000)
	number("rate", c.Rate, 1, 1000000)
	span := func(field string, value, least, most time.Duration) {
		if value != 0 && (value < least || value > most) {
			report(field, fmt.Sprintf("%v is not between %v and %v", value, least, most))
		}
	}
	span("enquire_link", c.EnquireLink, time.Second, time.Hour)
	span("response_timeout", c.ResponseTimeout, time.Second, 10*time.Minute)
	span("reconnect", c.Reconnect, 100*time.Millisecond, time.Hour)
	span("quiet_cut", c.QuietCut, time.Second, time.Hour)
	span("receipt_wait", c.ReceiptWait, time.Minute, 30*24*time.Hour)
	span("max_validity", c.MaxValidity, time.Minute, 30*24*time.Hour)
	span("throttle_wait", c.ThrottleWait, 100*time.Millisecond, 10*time.Minute)
	span("fallback_wait", c.FallbackWait, time.Second, 24*time.Hour)
	span("return_wait", c.ReturnWait, time.Second, 24*time.Hour)
}

func (t *TLSConfig) validate(report func(field, problem string)) {
	if (t.Cert == "") != (t.Key == "") {
		report("tls", "cert and key belong together: give both or none")
		return
	}
	if _, err := t.load(""); err != nil {
		report("tls", err.Error())
	}
}

// load reads the files. It is called for every connection, so that renewed
// certificates are used without a restart.
func (t *TLSConfig) load(host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure} //nolint:gosec // asked for in the file
	if t.ServerName != "" {
		c.ServerName = t.ServerName
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read the certificates to trust: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificate in " + t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read our certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// version returns the interface_version of the bind.
func (c SMPPConfig) version() smpp.Version {
	switch c.Version {
	case "3.3":
		return smpp.Version33
	case "5.0":
		return smpp.Version50
	}
	return smpp.Version34
}

// Leases is how many connections of the link are opened by us, each of which one
// server holds.
func (c *SMPPConfig) Leases() int {
	n := max(1, c.Sessions)
	switch {
	case len(c.Hosts) == 0: // the operator opens them
		return 0
	case c.Bind == "receiver+transmitter":
		return 2 * n
	}
	return n
}
