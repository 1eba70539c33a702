package cimd2

import "kurir/gsm"

// maxUserData is how many octets of user data there are in a short message, its header included (3GPP TS 23.040 9.2.3.24).
const maxUserData = 140

// UserData is the text of a message with its user data header (parameters 032 to 034).
type UserData struct {
	Header []byte // user data header with its length octet; nil: none
	// Data are septets of the GSM alphabet, one per octet, characters of its extension table behind an escape; with Binary
	// octets, which a data coding of UCS-2 makes text. A data coding of 7 bits with Binary says that the septets are packed.
	Data   []byte
	Binary bool
}

// fault says what is wrong with the user data in any direction.
func (u *UserData) fault() string {
	if n := len(u.Header); n > 0 && int(u.Header[0]) != n-1 {
		return "its first octet is not the number of the others"
	}
	return ""
}

// overflow says whether octets of user data are more than a short message holds.
func (u *UserData) overflow() bool { return u.Binary && len(u.Header)+len(u.Data) > maxUserData }

// param is the parameter that the data goes into.
func (u *UserData) param() Param {
	if u.Binary {
		return ParamBinary
	}
	return ParamText
}

// Septets gives the septets of a message whose data coding says that it is in the GSM alphabet, one per octet: those of 033
// as they are, those of 034 unpacked.
func (u *UserData) Septets() []byte {
	if u.Binary {
		return gsm.UnpackAll(u.Data, len(u.Header))
	}
	return u.Data
}

// Submit gives the SMSC a message (operation 03). Numbers that are missing are the SMSC's defaults.
type Submit struct {
	Destinations []string // at least one
	// Originator is a number. Many SMSCs take it as a sub-address, which they put behind the number of the account.
	Originator      string
	AlphaOriginator string // at most 11 characters, instead of Originator
	Coding          Optional
	UserData
	More             Optional // more messages to send: 0 or 1
	ValidityRelative Optional // see Relative; -1 is the SMSC's default
	ValidityAbsolute string   // yymmddhhmmss, see ParseTime; instead of ValidityRelative
	Protocol         Optional
	FirstRelative    Optional // first delivery time, likewise
	FirstAbsolute    string
	ReplyPath        Optional
	Reports          Optional // status report request: a mask, see Reports; missing: as the account has it
	CancelEnabled    Optional
	Tariff           Optional
	Service          Optional
	Priority         Optional // 1 (highest) to 9
}

// Operation is OpSubmit.
func (*Submit) Operation() Operation { return OpSubmit }

func (b *Submit) layout(c *coder) {
	c.destinations(&b.Destinations)
	c.text(ParamOriginator, &b.Originator, ErrOriginator)
	c.text(ParamAlphaOriginator, &b.AlphaOriginator, ErrAlphaOriginatorData)
	c.exclude(b.Originator != "" && b.AlphaOriginator != "", ParamAlphaOriginator, ErrAlphaOriginator, ParamOriginator)
	c.optional(ParamCoding, &b.Coding, ErrCoding)
	c.userData(&b.UserData)
	c.optional(ParamMore, &b.More, ErrMore)
	c.optional(ParamValidityRelative, &b.ValidityRelative, ErrValidity)
	c.text(ParamValidityAbsolute, &b.ValidityAbsolute, ErrValidity)
	c.exclude(b.ValidityRelative.Set && b.ValidityAbsolute != "", ParamValidityAbsolute, ErrValidity, ParamValidityRelative)
	c.optional(ParamProtocol, &b.Protocol, ErrProtocol)
	c.optional(ParamFirstRelative, &b.FirstRelative, ErrFirstDelivery)
	c.text(ParamFirstAbsolute, &b.FirstAbsolute, ErrFirstDelivery)
	c.exclude(b.FirstRelative.Set && b.FirstAbsolute != "", ParamFirstAbsolute, ErrFirstDelivery, ParamFirstRelative)
	c.optional(ParamReplyPath, &b.ReplyPath, ErrReplyPath)
	c.optional(ParamReportRequest, &b.Reports, ErrReportRequest)
	c.optional(ParamCancelEnabled, &b.CancelEnabled, ErrCancelEnabled)
	c.optional(ParamTariff, &b.Tariff, ErrTariff)
	c.optional(ParamService, &b.Service, ErrService)
	c.optional(ParamPriority, &b.Priority, ErrPriority)
}

// destinations are the addresses that a message goes to: each a parameter 021.
func (c *coder) destinations(v *[]string) {
	if !c.reading {
		for i := range *v {
			c.need(ParamDestination, (*v)[i] != "", ErrDestination)
			c.text(ParamDestination, &(*v)[i], ErrDestination)
		}
	} else {
		*v = c.all(ParamDestination, ErrDestination)
	}
	c.need(ParamDestination, len(*v) > 0, ErrDestination)
}

// all gives the values of a parameter that may stand there several times.
func (c *coder) all(p Param, code ErrorCode) []string {
	n := 0
	for i := range c.places {
		if c.places[i].code == p {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for i := range c.places {
		if l := &c.places[i]; l.code == p {
			list = append(list, shared(c.check(p, c.buf[l.from:l.to], code)))
		}
	}
	return list
}

// exclude fails if two parameters are there of which only one may be.
func (c *coder) exclude(both bool, p Param, code ErrorCode, other Param) {
	if both {
		c.fail(p, code, "stands beside "+other.String())
	}
}

// SubmitResp answers Submit: what became of it for each destination, in their order.
type SubmitResp struct {
	Results []SubmitResult
}

// SubmitResult is the SMSC's answer for one destination. Destination and Timestamp are the id of the message; a timestamp
// has a resolution of a second, so two messages to one destination may have the same.
type SubmitResult struct {
	Destination string // empty if the SMSC does not repeat it
	Timestamp   string // yymmddhhmmss in the SMSC's local time, see ParseTime; empty if the message was refused
	Error       ErrorCode
	ErrorText   string
}

// Operation is OpSubmitResp.
func (*SubmitResp) Operation() Operation { return OpSubmitResp }

func (b *SubmitResp) layout(c *coder) {
	if c.reading {
		b.read(c)
		return
	}
	for i := range b.Results {
		r := &b.Results[i]
		c.text(ParamDestination, &r.Destination, ErrFormat)
		c.text(ParamTimestamp, &r.Timestamp, ErrFormat)
		if r.Error != NoError {
			c.refusal(r.Error, r.ErrorText)
		} else {
			c.need(ParamTimestamp, r.Timestamp != "", ErrFormat)
		}
	}
}

// read takes the results from their parameters: a destination, or a second timestamp or error, begins the next one.
func (b *SubmitResp) read(c *coder) {
	b.Results = make([]SubmitResult, 0, 1)
	var r SubmitResult
	flush := func(next bool) {
		if next && r != (SubmitResult{}) {
			b.Results = append(b.Results, r)
			r = SubmitResult{}
		}
	}
	for i := range c.places {
		l := &c.places[i]
		value := c.check(l.code, c.buf[l.from:l.to], ErrFormat)
		switch l.code {
		case ParamDestination:
			flush(true)
			r.Destination = shared(value)
		case ParamTimestamp:
			flush(r.Timestamp != "" || r.Error != NoError)
			r.Timestamp = shared(value)
		case ParamErrorCode:
			flush(r.Timestamp != "" || r.Error != NoError)
			r.Error = readErrorCode(value)
		case ParamErrorText:
			r.ErrorText = shared(value)
		}
	}
	flush(true)
}

// Deliver gives the application a message that a phone has sent (operation 20).
type Deliver struct {
	Destination    string
	Originator     string
	OriginatorIMSI string
	OriginatorMSC  string
	Coding         Optional
	UserData
	Protocol  Optional
	Timestamp string // yymmddhhmmss in the SMSC's local time
}

// Operation is OpDeliver.
func (*Deliver) Operation() Operation { return OpDeliver }

func (b *Deliver) layout(c *coder) {
	c.text(ParamDestination, &b.Destination, ErrFormat)
	c.need(ParamDestination, b.Destination != "", ErrFormat)
	c.text(ParamOriginator, &b.Originator, ErrFormat)
	c.text(ParamOriginatorIMSI, &b.OriginatorIMSI, ErrFormat)
	c.text(ParamOriginatorMSC, &b.OriginatorMSC, ErrFormat)
	c.optional(ParamCoding, &b.Coding, ErrFormat)
	c.userData(&b.UserData)
	c.optional(ParamProtocol, &b.Protocol, ErrFormat)
	c.text(ParamTimestamp, &b.Timestamp, ErrFormat)
}

// Report is what the SMSC tells of a message: in a status report, and in the response to an enquiry.
type Report struct {
	Destination string // together with Timestamp the id of the message, as the response to its submission gave it
	Timestamp   string // yymmddhhmmss in the SMSC's local time
	Status      Status
	Error       Optional // a StatusError
	Discharge   string   // when the message came to its end: yymmddhhmmss
}

func (b *Report) layout(c *coder) {
	c.text(ParamDestination, &b.Destination, ErrFormat)
	c.text(ParamTimestamp, &b.Timestamp, ErrFormat)
	status := Some(int(b.Status))
	c.optional(ParamStatus, &status, ErrFormat)
	b.Status = Status(status.Value)
	c.optional(ParamStatusError, &b.Error, ErrFormat)
	c.text(ParamDischarge, &b.Discharge, ErrFormat)
}

// Reason gives the reason of a failure, 0 if there is none.
func (b *Report) Reason() StatusError { return StatusError(b.Error.Value) }

// StatusReport tells the application what became of a message (operation 23).
type StatusReport struct{ Report }

// Operation is OpStatusReport.
func (*StatusReport) Operation() Operation { return OpStatusReport }

func (b *StatusReport) layout(c *coder) {
	b.Report.layout(c)
	c.need(ParamDestination, b.Destination != "", ErrFormat)
	c.need(ParamTimestamp, b.Timestamp != "", ErrFormat)
}

// EnquireResp answers Enquire.
type EnquireResp struct{ Report }

// Operation is OpEnquireResp.
func (*EnquireResp) Operation() Operation { return OpEnquireResp }
