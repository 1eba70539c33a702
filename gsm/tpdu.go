package gsm

import (
	"errors"
	"fmt"
	"time"
)

// ErrTPDUTruncated says that a TPDU ends before its last mandatory field.
var ErrTPDUTruncated = errors.New("the message ends too early")

// TPDU is one of the messages between a phone and the service centre: *Submit,
// *Deliver, *StatusReport, *Command, *SubmitReport or *DeliverReport.
// 3GPP TS 23.040 9.2.2.
type TPDU interface {
	// layout names the fields in the order of the specification; the coder
	// reads or writes them.
	layout(c *tpduCoder)
}

// UserData is what a TPDU carries: [ParseDataCoding] of its Coding says how to
// read it. 3GPP TS 23.040 9.2.3.16, 9.2.3.23 and 9.2.3.24.
type UserData struct {
	Protocol uint8  // TP-PID; 0 is a plain short message
	Coding   uint8  // TP-DCS
	Header   []byte // user data header with its length octet, nil for none
	// Payload has unpacked septets where the coding says GSM 7-bit, else
	// octets.
	Payload []byte
}

// Text is the text of the user data, and false when it is none: octets, or
// compressed.
func (u *UserData) Text() (string, bool) {
	coding := ParseDataCoding(u.Coding)
	if coding.Compressed || coding.Encoding == Binary {
		return "", false
	}
	var shift Shift
	if h, _, err := ParseHeader(u.Header); err == nil {
		shift = h.Shift()
	}
	return DecodeIn(coding.Encoding, shift, u.Payload), true
}

// Concat says of which longer message it is a part.
func (u *UserData) Concat() (Concat, bool) {
	h, _, err := ParseHeader(u.Header)
	if err != nil {
		return Concat{}, false
	}
	return h.Concat()
}

// The message types of the first octet. 3GPP TS 23.040 9.2.3.1.
const (
	typeDeliver = 0 // from a phone: deliver report
	typeSubmit  = 1 // to a phone: submit report
	typeReport  = 2 // from a phone: command
)

// Submit is a short message from a phone. 3GPP TS 23.040 9.2.2.2.
type Submit struct {
	Reference        uint8 // a modem puts its own in its place
	To               Address
	Validity         Validity
	RejectDuplicates bool
	StatusReport     bool // one is asked for
	ReplyPath        bool
	UserData
}

func (p *Submit) layout(c *tpduCoder) {
	c.kind(typeSubmit)
	c.flag(0x04, &p.RejectDuplicates)
	c.bits(0x18, 3, (*uint8)(&p.Validity.Format))
	c.flag(0x20, &p.StatusReport)
	c.header(&p.Header)
	c.flag(0x80, &p.ReplyPath)
	c.octet(&p.Reference)
	c.address(&p.To)
	c.octet(&p.Protocol)
	c.octet(&p.Coding)
	switch p.Validity.Format {
	case ValidityRelative:
		c.octet(&p.Validity.Octet)
	case ValidityAbsolute:
		c.time(&p.Validity.Until)
	case ValidityEnhanced:
		c.octets(p.Validity.Enhanced[:])
	}
	c.data(&p.UserData)
}

// Deliver is a short message to a phone. 3GPP TS 23.040 9.2.2.1.
type Deliver struct {
	From         Address
	Time         time.Time // when the service centre got it, in its zone; zero when that is no time
	MoreMessages bool      // more wait at the service centre
	Loop         bool      // it was forwarded, and no more may be made of it
	StatusReport bool      // the sender gets one
	ReplyPath    bool
	UserData
}

func (p *Deliver) layout(c *tpduCoder) {
	c.kind(typeDeliver)
	c.unset(0x04, &p.MoreMessages)
	c.flag(0x08, &p.Loop)
	c.flag(0x20, &p.StatusReport)
	c.header(&p.Header)
	c.flag(0x80, &p.ReplyPath)
	c.address(&p.From)
	c.octet(&p.Protocol)
	c.octet(&p.Coding)
	c.time(&p.Time)
	c.data(&p.UserData)
}

// StatusReport says what became of a Submit or a Command. 3GPP TS 23.040 9.2.2.3.
type StatusReport struct {
	Reference    uint8 // of the Submit
	To           Address
	Sent         time.Time // when the service centre got the Submit
	Done         time.Time // when Status came about
	Status       DeliveryStatus
	MoreMessages bool // more wait at the service centre
	Loop         bool
	OfCommand    bool // it answers a Command
	Optional
}

func (p *StatusReport) layout(c *tpduCoder) {
	c.kind(typeReport)
	c.unset(0x04, &p.MoreMessages)
	c.flag(0x08, &p.Loop)
	c.flag(0x20, &p.OfCommand)
	c.header(&p.Header)
	c.octet(&p.Reference)
	c.address(&p.To)
	c.time(&p.Sent)
	c.time(&p.Done)
	c.octet((*uint8)(&p.Status))
	if c.more(p.Has != 0 || len(p.Header)+len(p.Payload) > 0) {
		c.optional(&p.Optional)
	}
}

// The types of a Command. 3GPP TS 23.040 9.2.3.19.
const (
	CommandEnquire         uint8 = 0
	CommandCancelReport    uint8 = 1
	CommandDelete          uint8 = 2
	CommandEnableReporting uint8 = 3
)

// Command asks for something about an earlier Submit. 3GPP TS 23.040 9.2.2.4.
type Command struct {
	Reference    uint8
	StatusReport bool
	Protocol     uint8
	Type         uint8 // CommandEnquire and so on
	Number       uint8 // reference of the Submit
	To           Address
	Header       []byte // user data header with its length octet, nil for none
	Data         []byte
}

func (p *Command) layout(c *tpduCoder) {
	c.kind(typeReport)
	c.flag(0x20, &p.StatusReport)
	c.header(&p.Header)
	c.octet(&p.Reference)
	c.octet(&p.Protocol)
	c.octet(&p.Type)
	c.octet(&p.Number)
	c.address(&p.To)
	u := UserData{Coding: 0x04, Header: p.Header, Payload: p.Data} // its data are octets
	c.data(&u)
	p.Header, p.Data = u.Header, u.Payload
}

// Optional is user data of which each field may be missing.
type Optional struct {
	Has uint8 // HasProtocol and so on; with Header or Payload HasData is set when it is written
	UserData
}

// The parameters that an Optional has. 3GPP TS 23.040 9.2.3.27.
const (
	HasProtocol uint8 = 1 << iota
	HasCoding
	HasData
)

// SubmitReport is the service centre's answer to a Submit. 3GPP TS 23.040 9.2.2.2a.
type SubmitReport struct {
	Failed bool
	Cause  uint8 // of Failed: TP-FCS, 80 and above
	Time   time.Time
	Optional
}

func (p *SubmitReport) layout(c *tpduCoder) {
	c.kind(typeSubmit)
	c.header(&p.Header)
	c.cause(&p.Failed, &p.Cause)
	c.present(&p.Optional)
	c.time(&p.Time)
	c.presentFields(&p.Optional)
}

// DeliverReport is the phone's answer to a Deliver. 3GPP TS 23.040 9.2.2.1a.
type DeliverReport struct {
	Failed bool
	Cause  uint8 // of Failed: TP-FCS, 80 and above
	Optional
}

func (p *DeliverReport) layout(c *tpduCoder) {
	c.kind(typeDeliver)
	c.header(&p.Header)
	c.cause(&p.Failed, &p.Cause)
	c.optional(&p.Optional)
}

// AppendTPDU appends a TPDU. It fails for addresses and user data that do not
// fit; dst is then returned as it was.
func AppendTPDU(dst []byte, p TPDU) ([]byte, error) {
	c := tpduCoder{buf: dst, first: len(dst)}
	p.layout(&c)
	if c.err != nil {
		return dst, fmt.Errorf("write a TPDU: %w", c.err)
	}
	return c.buf, nil
}

// DecodeToPhone reads a TPDU on its way to a phone: *Deliver, *SubmitReport or
// *StatusReport. The reserved type counts as Deliver (3GPP TS 23.040 9.2.3.1).
// It is liberal: user data that are cut off are as long as they are, and octets
// behind the last field are ignored. Header and Payload are copies where they
// are packed, and point into b otherwise.
func DecodeToPhone(b []byte) (TPDU, error) {
	return decodeTPDU(b, &Deliver{}, &SubmitReport{}, &StatusReport{}, &Deliver{})
}

// DecodeFromPhone is [DecodeToPhone] for the other way: *Submit,
// *DeliverReport or *Command.
func DecodeFromPhone(b []byte) (TPDU, error) {
	return decodeTPDU(b, &DeliverReport{}, &Submit{}, &Command{}, nil)
}

// decodeTPDU reads one of four kinds of TPDU.
func decodeTPDU(b []byte, kinds ...TPDU) (TPDU, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("read a TPDU: %w", ErrTPDUTruncated)
	}
	p := kinds[b[0]&3]
	if p == nil {
		return nil, errors.New("read a TPDU: its type is reserved")
	}
	c := tpduCoder{decoding: true, buf: b}
	p.layout(&c)
	if c.err != nil {
		return nil, fmt.Errorf("read a TPDU: %w", c.err)
	}
	return p, nil
}
