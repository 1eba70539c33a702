package store

import (
	"encoding/binary"
	"errors"
	"math"

	"kurir/gsm"
	"kurir/message"
)

// The blobs of the database. Their layouts are written once here, the
// appending function beside the reading one, and described in docs/store.md.
// Each begins with a version, so that a later form can stand beside this one.

var errBadBlob = errors.New("stored octets are damaged")

const blobVersion = 1

// blobReader reads fields and remembers the first that was missing.
type blobReader struct {
	rest []byte
	bad  bool
}

func (r *blobReader) octet() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *blobReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		r.rest = nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *blobReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		r.rest = nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// octets returns the next counted field without copying it.
func (r *blobReader) octets() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		r.rest = nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *blobReader) text() string { return string(r.octets()) }

func (r *blobReader) version() {
	if r.octet() != blobVersion {
		r.bad = true
	}
}

func (r *blobReader) err() error {
	if r.bad {
		return errBadBlob
	}
	return nil
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendAddress(dst []byte, a message.Address) []byte {
	return appendText(append(dst, byte(a.TON), byte(a.NPI)), a.Number)
}

func (r *blobReader) address() message.Address {
	return message.Address{TON: message.TON(r.octet()), NPI: message.NPI(r.octet()), Number: r.text()}
}

func appendTarget(dst []byte, t *message.Target) []byte {
	dst = append(dst, byte(t.Kind))
	if t.Kind == message.NoTarget {
		return dst
	}
	dst = appendText(dst, t.Account)
	dst = appendText(dst, t.Address)
	return append(dst, t.Mask)
}

func (r *blobReader) target() message.Target {
	t := message.Target{Kind: message.TargetKind(r.octet())}
	if t.Kind != message.NoTarget {
		t.Account, t.Address, t.Mask = r.text(), r.text(), r.octet()
	}
	return t
}

// appendFixed appends what of a message has no column of its own:
// version; TON and NPI of sender and recipient; encoding measured and wanted;
// class; priority; receipts; uvarint configuration; uvarint SendAt; target;
// uvarint number of further links and their names; with version 2 and 3 what
// few messages have.
func appendFixed(dst []byte, m *message.Message) []byte {
	dst = append(dst, fixedVersion(m), byte(m.From.TON), byte(m.From.NPI), byte(m.To.TON), byte(m.To.NPI),
		byte(m.Encoding), byte(m.Content.Want), byte(m.Content.Class), byte(m.Priority), byte(m.Receipts))
	dst = binary.AppendUvarint(dst, uint64(m.Config))
	dst = binary.AppendUvarint(dst, uint64(m.SendAt))
	dst = appendTarget(dst, &m.Target)
	if len(m.Links) < 2 {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(m.Links)-1))
		for _, l := range m.Links[1:] {
			dst = appendText(dst, l)
		}
	}
	if m.Special != nil {
		dst = appendSpecial(dst, m.Special)
	}
	return dst
}

// readFixed fills m with what appendFixed wrote. m.Links holds the first link,
// if any.
func readFixed(b []byte, m *message.Message) error {
	r := blobReader{rest: b}
	version := r.octet()
	m.From.TON, m.From.NPI = message.TON(r.octet()), message.NPI(r.octet())
	m.To.TON, m.To.NPI = message.TON(r.octet()), message.NPI(r.octet())
	m.Encoding, m.Content.Want = gsm.Encoding(r.octet()), gsm.Encoding(r.octet())
	m.Content.Class = int8(r.octet())
	m.Priority, m.Receipts = message.Priority(r.octet()), message.Receipts(r.octet())
	m.Config = uint32(r.uvarint())
	m.SendAt = int64(r.uvarint())
	m.Target = r.target()
	for range min(r.uvarint(), math.MaxUint8) {
		m.Links = append(m.Links, r.text())
	}
	switch version {
	case blobVersion:
	case specialVersion, secretVersion:
		m.Special = r.special(version == secretVersion)
	default:
		r.bad = true
	}
	return r.err()
}

// appendData appends the octets of a content that is not only text: version,
// data, header; with version 2 what SMPP says beyond. It appends nothing when
// there are none.
func appendData(dst []byte, c *message.Content) []byte {
	if c.Extra != nil {
		dst = appendText(append(dst, extraVersion), c.Data)
		return appendExtra(appendText(dst, c.Header), c.Extra)
	}
	if len(c.Data) == 0 && len(c.Header) == 0 {
		return dst
	}
	dst = appendText(append(dst, blobVersion), c.Data)
	return appendText(dst, c.Header)
}

func readData(b []byte, c *message.Content) error {
	if len(b) == 0 {
		return nil
	}
	r := blobReader{rest: b}
	version := r.octet()
	r.bad = r.bad || version != blobVersion && version != extraVersion
	c.Data, c.Header = clone(r.octets()), clone(r.octets())
	if version == extraVersion {
		c.Extra = r.extra()
	}
	return r.err()
}

// clone copies b; nothing becomes nil.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// Fields of an inbound message that few have, by number.
const (
	inboundAnswers = 1
	inboundGaps    = 2
	inboundCase    = 3 // series and case number, each as text
	inboundTag     = 4
)

// appendInboundFixed appends what of an inbound message has no column:
// version; TON and NPI of sender and recipient; encoding, wanted encoding,
// class; uvarint number of targets and the targets; then, of what few have, the
// number of the field and its value as text, passed over if unknown.
func appendInboundFixed(dst []byte, in *message.Inbound) []byte {
	dst = append(dst, blobVersion, byte(in.From.TON), byte(in.From.NPI), byte(in.To.TON), byte(in.To.NPI),
		byte(in.Encoding), byte(in.Content.Want), byte(in.Content.Class))
	dst = binary.AppendUvarint(dst, uint64(len(in.Targets)))
	for i := range in.Targets {
		dst = appendTarget(dst, &in.Targets[i])
	}
	if in.Answers != 0 {
		dst = appendText(append(dst, inboundAnswers), binary.AppendUvarint(nil, uint64(in.Answers)))
	}
	if len(in.Gaps) > 0 {
		dst = appendText(append(dst, inboundGaps), in.Gaps)
	}
	if in.Case != "" {
		dst = appendText(append(dst, inboundCase), appendText(appendText(nil, in.Series), in.Case))
	}
	if in.Tag != "" {
		dst = appendText(append(dst, inboundTag), in.Tag)
	}
	return dst
}

func readInboundFixed(b []byte, in *message.Inbound) error {
	r := blobReader{rest: b}
	r.version()
	in.From.TON, in.From.NPI = message.TON(r.octet()), message.NPI(r.octet())
	in.To.TON, in.To.NPI = message.TON(r.octet()), message.NPI(r.octet())
	in.Encoding, in.Content.Want = gsm.Encoding(r.octet()), gsm.Encoding(r.octet())
	in.Content.Class = int8(r.octet())
	for range min(r.uvarint(), math.MaxUint8) {
		in.Targets = append(in.Targets, r.target())
	}
	for len(r.rest) > 0 {
		number, value := r.octet(), blobReader{rest: r.octets()}
		switch number {
		case inboundAnswers:
			in.Answers = message.ID(value.uvarint())
		case inboundGaps:
			in.Gaps = clone(value.rest)
		case inboundCase:
			if in.Series, in.Case = value.text(), value.text(); in.Case == "" {
				in.Series = "" // without a number there is no case
			}
		case inboundTag:
			in.Tag = string(value.rest)
		}
		r.bad = r.bad || value.bad
	}
	return r.err()
}

// appendPart appends a whole inbound message in one blob, as parts are kept:
// version, fixed, data, then link, account, sender, recipient, text, rule,
// varint received, parts, missing, log.
func appendPart(dst []byte, in *message.Inbound) []byte {
	dst = append(dst, blobVersion)
	dst = appendText(dst, appendInboundFixed(nil, in))
	dst = appendText(dst, appendData(nil, &in.Content))
	for _, s := range [...]string{in.Link, in.Account, in.From.Number, in.To.Number, in.Content.Text, in.Rule} {
		dst = appendText(dst, s)
	}
	dst = binary.AppendVarint(dst, in.Received)
	dst = append(dst, in.Parts, in.Missing)
	return appendText(dst, in.Log)
}

func readPart(b []byte, in *message.Inbound) error {
	r := blobReader{rest: b}
	r.version()
	fixed, data := r.octets(), r.octets()
	for _, s := range [...]*string{&in.Link, &in.Account, &in.From.Number, &in.To.Number, &in.Content.Text, &in.Rule} {
		*s = r.text()
	}
	in.Received = r.varint()
	in.Parts, in.Missing = r.octet(), r.octet()
	in.Log = clone(r.octets())
	return errors.Join(r.err(), readInboundFixed(fixed, in), readData(data, &in.Content))
}

// appendReport appends a receipt: version, scope, operator id, state, uvarint
// code, varint done, addresses, text.
func appendReport(dst []byte, rep *message.Report) []byte {
	dst = appendText(append(dst, blobVersion), rep.Scope)
	dst = append(appendText(dst, rep.OperatorID), byte(rep.State))
	dst = binary.AppendUvarint(dst, uint64(rep.Code))
	dst = binary.AppendVarint(dst, rep.Done)
	dst = appendAddress(appendAddress(dst, rep.From), rep.To)
	return appendText(dst, rep.Text)
}

func readReport(b []byte) (message.Report, error) {
	r := blobReader{rest: b}
	r.version()
	rep := message.Report{Scope: r.text(), OperatorID: r.text(), State: message.State(r.octet())}
	rep.Code, rep.Done = uint32(r.uvarint()), r.varint()
	rep.From, rep.To = r.address(), r.address()
	rep.Text = r.text()
	return rep, r.err()
}

// appendIDs appends ids: version, uvarint number, then each as the varint
// difference to the one before.
func appendIDs(dst []byte, ids []message.ID) []byte {
	dst = binary.AppendUvarint(append(dst, blobVersion), uint64(len(ids)))
	last := message.ID(0)
	for _, id := range ids {
		dst = binary.AppendVarint(dst, int64(id-last))
		last = id
	}
	return dst
}

func readIDs(b []byte) ([]message.ID, error) {
	r := blobReader{rest: b}
	r.version()
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		return nil, errBadBlob
	}
	ids := make([]message.ID, 0, n)
	last := message.ID(0)
	for range n {
		last += message.ID(r.varint())
		ids = append(ids, last)
	}
	return ids, r.err()
}
