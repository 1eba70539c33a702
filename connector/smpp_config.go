package connector

import (
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// SMPPConfig describes a link to an SMSC. Only name, hosts and system_id are
// necessary; a field that is left out has the default named with it.
type SMPPConfig struct {
	Named
	Remote
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
	// EnquireLink is after how long a silence we ask whether the peer is
	// alive, 1s to 1h; 30s by default.
	EnquireLink time.Duration `yaml:"enquire_link"`
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
	// Alphabet is what data_coding 0 means to the operator: gsm (default), an
	// octet per septet; gsm-packed, septets packed as on the air; latin1; ascii;
	// utf8; or ucs2, with which every text goes out as UCS-2.
	Alphabet string `yaml:"alphabet"`
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
	// MessageIDs says how ids in answers and in receipts agree: auto (default;
	// compared in every usual form), string (exactly, capitals and leading zeros
	// included), hex_decimal (hexadecimal in the answer and decimal in the
	// receipt) or decimal_hex. A change counts for messages sent after it.
	MessageIDs string `yaml:"message_ids"`
	// Validity says how the end of validity is told to the operator: relative
	// (default), absolute (UTC), or none when the operator does not like it.
	Validity string `yaml:"validity"`
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
	// Outbind, if given, lets the SMSC connect to us and ask for a bind as receiver; these connections are not encrypted.
	// Hosts may then be left out, if nothing is to be sent.
	Outbind *OutbindConfig `yaml:"outbind"`
	Common

	fields *smppFields // Pass and TLVs, resolved
}

// The words of the configuration; the first of each is the default.
var (
	smppVersions  = []string{"3.4", "3.3", "5.0"}
	smppBinds     = []string{"transceiver", "receiver+transmitter"}
	smppAlphabets = gsm.DefaultAlphabets()
	smppPriority  = []string{"map", "none"}
	smppLongs     = []string{"udh", "udh16", "sar", "payload", "single"}
	smppIDs       = []string{"auto", "string", "hex_decimal", "decimal_hex"}
	smppValidity  = []string{"relative", "absolute", "none"}
)

// WithDefaults returns the configuration with every field filled in.
func (c SMPPConfig) WithDefaults() SMPPConfig {
	c.Common.fill()
	c.Remote.fill(10)
	defaultWord(&c.Version, smppVersions)
	defaultWord(&c.Bind, smppBinds)
	defaultWord(&c.Alphabet, smppAlphabets)
	defaultWord(&c.Priority, smppPriority)
	defaultWord(&c.Long, smppLongs)
	defaultWord(&c.MessageIDs, smppIDs)
	defaultWord(&c.Validity, smppValidity)
	defaultTo(&c.EnquireLink, 30*time.Second)
	if c.fields == nil {
		c.Resolve(nil, func(string, string) {})
	}
	return c
}

// Validate reports every mistake with the field that it is in.
func (c SMPPConfig) Validate(report func(field, problem string)) {
	check := checker(report)
	c.Named.validate(check)
	c.Common.validate(check)
	c.Remote.validate(check, c.Outbind == nil, 10_000)
	if c.Outbind != nil {
		c.Outbind.validate(report)
	}
	if c.SystemID == "" {
		report("system_id", "the operator names it; it cannot be empty")
	}
	c.validateLengths(check)
	check.word("version", c.Version, smppVersions)
	check.word("bind", c.Bind, smppBinds)
	check.word("alphabet", c.Alphabet, smppAlphabets)
	if len(c.Languages) > 0 && c.Alphabet != "" && c.Alphabet != "gsm" && c.Alphabet != "gsm-packed" {
		report("languages", "national tables go with alphabet gsm or gsm-packed only")
	}
	check.word("priority", c.Priority, smppPriority)
	check.word("long", c.Long, smppLongs)
	check.word("message_ids", c.MessageIDs, smppIDs)
	check.word("validity", c.Validity, smppValidity)
	check.span("enquire_link", c.EnquireLink, time.Second, time.Hour)
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
}

// validateLengths checks texts against the room they have in a PDU
// (SMPP 3.4 5.2), which includes a NUL.
func (c SMPPConfig) validateLengths(check checker) {
	check.length("system_id", c.SystemID, 15)
	check.length("password", string(c.Password), 64)
	check.length("system_type", c.SystemType, 12)
	check.length("service_type", c.ServiceType, 5)
	check.length("address_range", c.AddressRange, 40)
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
