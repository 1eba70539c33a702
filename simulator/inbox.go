package simulator

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// outcome is what became of a message when it came in.
type outcome uint8

const (
	outcomeDelivered outcome = iota // its phone has it
	outcomeStored                   // waits for its phone
	outcomeFailed                   // taken, and reported as not delivered
	outcomeRefused                  // answered with an error
	outcomeLost                     // neither answered with an error nor taken
)

var outcomes = []string{"delivered", "stored", "failed", "refused", "lost"}

// received is one message that came in, in a batch.
type received struct {
	at      time.Time
	session uint64
	account *account
	id      uint64
	number  string // of the phone
	status  smpp.Status
	outcome outcome
	state   smpp.MessageState // in which it is final
	final   time.Time         // from then on
	frame   []byte            // the whole PDU
}

// inbox keeps the last messages that came in, as they came in; they are taken apart when somebody reads them.
type inbox struct {
	mu    sync.Mutex
	keep  int // octets; negative: nothing is kept
	queue queue
	pool  chunkPool
	order uint64 // of the last
	buf   []byte
}

// The head of a record: order, time, session, account, id, status, outcome, final state and its time.
const inboxHead = 8 + 8 + 8 + 8 + 8 + 4 + 1 + 1 + 8

// add keeps a batch, and drops the oldest beyond the limit.
func (x *inbox) add(list []received) {
	if len(list) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range list {
		r := &list[i]
		x.order++
		if x.keep < 0 {
			continue
		}
		b := binary.BigEndian.AppendUint64(x.buf[:0], x.order)
		b = binary.BigEndian.AppendUint64(b, uint64(r.at.UnixNano()))
		b = binary.BigEndian.AppendUint64(b, r.session)
		b = binary.BigEndian.AppendUint64(b, r.account.index)
		b = binary.BigEndian.AppendUint64(b, r.id)
		b = binary.BigEndian.AppendUint32(b, uint32(r.status))
		b = append(b, byte(r.outcome), byte(r.state))
		b = binary.BigEndian.AppendUint64(b, uint64(r.final.UnixNano()))
		x.buf = append(b, r.frame...)
		x.queue.push(&x.pool, x.buf)
	}
	for x.queue.bytes > x.keep && x.queue.records > 0 {
		x.queue.drop(&x.pool)
	}
}

// reset forgets the messages; their numbers go on.
func (x *inbox) reset() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.queue.clear(&x.pool)
}

// each calls the function with every record from the oldest to the newest while it returns true. The record is valid
// during the call only.
func (q *queue) each(do func(record []byte) bool) {
	for c := q.head; c != nil; c = c.next {
		for at := c.read; at < len(c.data); {
			size, n := binary.Uvarint(c.data[at:])
			at += n
			if !do(c.data[at : at+int(size)]) {
				return
			}
			at += int(size)
		}
	}
}

// Message is one message that came in, with the facts of its PDU.
type Message struct {
	Order     uint64    `json:"order"` // by arrival, from 1
	Time      time.Time `json:"time"`
	Session   uint64    `json:"session"`
	SystemID  string    `json:"system_id"`
	ID        string    `json:"id,omitempty"`    // hexadecimal, whatever the answer had
	Alias     string    `json:"alias,omitempty"` // what another language than SMPP calls it, such as 46701234567:291126170000
	Outcome   string    `json:"outcome"`         // delivered, stored, failed, refused, lost
	Status    uint32    `json:"command_status"`
	Command   string    `json:"command"`
	Sequence  uint32    `json:"sequence_number"`
	From      Address   `json:"from"`
	To        []Address `json:"to"`
	Text      string    `json:"text"`
	Reference string    `json:"reference"` // first word of the text
	Encoding  string    `json:"encoding"`
	Octets    []byte    `json:"octets"` // of the message, its user data header included
	Header    []byte    `json:"user_data_header,omitempty"`
	Part      *Part     `json:"part,omitempty"`
	Flash     bool      `json:"flash,omitempty"`

	ServiceType        string `json:"service_type"`
	ESMClass           uint8  `json:"esm_class"`
	ProtocolID         uint8  `json:"protocol_id"`
	Priority           uint8  `json:"priority_flag"`
	Schedule           string `json:"schedule_delivery_time,omitempty"`
	Validity           string `json:"validity_period,omitempty"`
	RegisteredDelivery uint8  `json:"registered_delivery"`
	DataCoding         uint8  `json:"data_coding"`
	TLVs               []TLV  `json:"tlvs,omitempty"`
}

// Address is an address with its type of number and numbering plan.
type Address struct {
	TON  uint8  `json:"ton"`
	NPI  uint8  `json:"npi"`
	Addr string `json:"addr"`
}

// Part says that a message is one part of a longer one.
type Part struct {
	Reference uint16 `json:"reference"`
	Number    uint8  `json:"number"`
	Total     uint8  `json:"total"`
}

// TLV is one optional parameter.
type TLV struct {
	Tag   uint16 `json:"tag"`
	Value []byte `json:"value"`
}

// Filter chooses messages. Its zero value chooses all that are kept.
type Filter struct {
	To, From string    // whole addresses, with or without +
	Since    uint64    // only with a higher order
	After    time.Time // only later ones
	Text     string    // contained in the text
	Outcome  string
	Limit    int  // 0: 1,000
	Newest   bool // the newest first
}

// Messages reads the messages that came in and are still kept, oldest first.
func (s *Simulator) Messages(f Filter) []Message {
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	list := []Message{}
	s.inbox.mu.Lock()
	s.inbox.queue.each(func(record []byte) bool {
		order := binary.BigEndian.Uint64(record)
		at := time.Unix(0, int64(binary.BigEndian.Uint64(record[8:])))
		if order <= f.Since || !at.After(f.After) {
			return true
		}
		m := Message{
			Order: order, Time: at, Session: binary.BigEndian.Uint64(record[16:]), SystemID: s.accountAt(binary.BigEndian.Uint64(record[24:])).name,
			Status: binary.BigEndian.Uint32(record[40:]), Outcome: outcomes[record[44]],
		}
		if id := shown(binary.BigEndian.Uint64(record[32:])); id != 0 {
			m.ID = fmt.Sprintf("%x", id)
		}
		if f.Outcome != "" && f.Outcome != m.Outcome {
			return true
		}
		if err := m.read(record[inboxHead:]); err != nil || !f.matches(&m) {
			return true
		}
		if f.Newest && len(list) == f.Limit {
			copy(list, list[1:])
			list = list[:f.Limit-1]
		}
		list = append(list, m)
		return f.Newest || len(list) < f.Limit
	})
	s.inbox.mu.Unlock()
	if f.Newest {
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	return list
}

// matches compares what had to be decoded first.
func (f *Filter) matches(m *Message) bool {
	if f.From != "" && phoneNumber(m.From.Addr) != phoneNumber(f.From) {
		return false
	}
	if !strings.Contains(m.Text, f.Text) {
		return false
	}
	for _, to := range m.To {
		if f.To == "" || phoneNumber(to.Addr) == phoneNumber(f.To) {
			return true
		}
	}
	return false
}

// read fills the message from its PDU.
func (m *Message) read(frame []byte) error {
	var p smpp.PDU
	if err := smpp.Decode(frame, &p); err != nil {
		return err
	}
	m.Command, m.Sequence = p.Command.String(), p.Sequence
	sm := shortMessage(p.Body)
	m.readShort(sm)
	m.To = []Address{address(sm.Dest)}
	if multi, ok := p.Body.(*smpp.SubmitMulti); ok {
		m.To = m.To[:0]
		for _, d := range multi.Dests {
			m.To = append(m.To, address(d.Address))
		}
	}
	return nil
}

func address(a smpp.Address) Address { return Address{a.TON, a.NPI, a.Addr} }

// readShort fills what all kinds of submission share.
func (m *Message) readShort(sm *smpp.ShortMessage) {
	m.From = address(sm.Source)
	m.ServiceType, m.ESMClass, m.ProtocolID, m.Priority = sm.ServiceType, sm.ESMClass, sm.ProtocolID, sm.Priority
	m.Schedule, m.Validity, m.RegisteredDelivery, m.DataCoding = sm.ScheduleTime, sm.Validity, sm.RegisteredDelivery, sm.DataCoding
	m.Alias = aliasOf(sm)
	for _, t := range sm.TLVs {
		if t.Tag == tagAlias {
			continue
		}
		m.TLVs = append(m.TLVs, TLV{uint16(t.Tag), t.Value})
	}
	c := readContent(sm)
	m.Octets, m.Header, m.Flash, m.Encoding = sm.Message(), c.header, c.flash, c.encoding.String()
	m.Text = gsm.DecodeIn(c.encoding, c.shift, c.payload)
	m.Reference = string(ReferencesWord.reference([]byte(m.Text)))
	if c.part.Total > 0 {
		m.Part = &Part{c.part.Reference, c.part.Number, c.part.Total}
	}
}

// content is the user data of a message taken apart.
type content struct {
	header   []byte // user data header
	payload  []byte // what follows it
	encoding gsm.Encoding
	shift    gsm.Shift // tables of a national language that the header names
	flash    bool
	part     gsm.Concat // Total 0: not a part of anything
}

// readContent takes the user data apart; parts are announced by the header or by TLVs.
func readContent(sm *smpp.ShortMessage) content {
	c := content{payload: sm.Message()}
	coding, _ := gsm.ParseSMPPDataCoding(sm.DataCoding, gsm.GSM7)
	c.encoding, c.flash = coding.Encoding, coding.Class == gsm.ClassFlash
	if n, ok := sm.TLVs.U8(smpp.TagDestAddrSubunit); ok && n == 1 {
		c.flash = true
	}
	if sm.ESMClass&smpp.ESMUDHI != 0 {
		h, rest, err := gsm.ParseHeader(c.payload)
		c.header, c.payload = c.payload[:len(c.payload)-len(rest)], rest
		if err == nil {
			c.part, _ = h.Concat()
			c.shift = h.Shift()
		}
		return c
	}
	total, ok1 := sm.TLVs.U8(smpp.TagSARTotalSegments)
	number, ok2 := sm.TLVs.U8(smpp.TagSARSegmentSeqnum)
	ref, ok3 := sm.TLVs.U16(smpp.TagSARMsgRefNum)
	if ok1 && ok2 && ok3 && total > 1 && number > 0 && number <= total {
		c.part = gsm.Concat{Reference: ref, Wide: true, Total: total, Number: number}
	}
	return c
}
