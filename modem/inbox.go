package modem

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// slot is a place in a storage of the modem.
type slot struct {
	memory string
	index  int
}

// kept is something that was handed over and not yet acknowledged or removed.
type kept struct {
	slot   slot
	direct bool      // it is in no storage, and has no slot
	pdu    string    // as the modem gave it
	again  time.Time // when it is handed over again, after an Ack with an error; zero: it waits for its Ack
	acked  bool      // it is on the caller's disk, and to be removed
}

// maxKept bounds what was handed over and waits for its Ack.
const maxKept = 5000

// What AT+CMGL says of a message. 3GPP TS 27.005 3.1.
const (
	statusUnread = 0
	statusRead   = 1
)

// storages chooses where messages come in, and finds where others may lie.
// 3GPP TS 27.005 3.2.2.
func (s *session) storages(ctx context.Context) error {
	list, err := s.ready(ctx, "AT+CPMS=?", "+CPMS:")
	if err != nil && !refused(err) {
		return err
	}
	if len(list) > 0 {
		s.memories = words(param(params(list[0].text), 0))
	}
	wanted := []string{"SM", "ME", "MT"}
	if m := s.m.cfg.Memory; m != "" {
		wanted = []string{m}
	}
	err = nil
	for _, memory := range wanted {
		if len(s.memories) > 0 && s.m.cfg.Memory == "" && !slices.Contains(s.memories, memory) {
			continue
		}
		// All three, as some modems tell only of what comes into the third.
		q := quote(memory)
		if list, err = s.ready(ctx, "AT+CPMS="+q+","+q+","+q, "+CPMS:"); err == nil {
			s.memory, s.receiving = memory, memory
			s.room(list)
			return nil
		}
		if !refused(err) {
			return err
		}
	}
	if s.m.cfg.Memory != "" {
		return fmt.Errorf("the modem does not store messages in %q (it has %q): %w", s.m.cfg.Memory, s.memories, err)
	}
	return nil // a modem with one storage, which it does not name
}

// words takes a list of words out of its brackets.
func words(s string) []string {
	var list []string
	for _, w := range params(trimBrackets(s)) {
		if w != "" {
			list = append(list, w)
		}
	}
	return list
}

func trimBrackets(s string) string {
	if len(s) >= 2 && s[0] == '(' && s[len(s)-1] == ')' {
		return s[1 : len(s)-1]
	}
	return s
}

// room notes how full the storage is, from the answer to AT+CPMS.
func (s *session) room(list []*entry) {
	if len(list) == 0 {
		return
	}
	p := params(list[0].text)
	if _, ok := number(param(p, 0)); !ok && len(p) > 2 { // the answer to a question has names in it
		p = p[1:]
	}
	used, _ := number(param(p, 0))
	total, ok := number(param(p, 1))
	if !ok {
		return
	}
	s.m.change(func(st *Status) { st.Memory, st.Used, st.Total = s.memory, used, total })
}

// notifySettings are those of AT+CNMI, the best first: messages are stored and told
// of (mt=1), status reports come directly (ds=1) or are stored (ds=2).
func notifySettings() []string {
	return []string{"2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0", "1,1,0,2,0", "3,1,0,1,0", "2,1,0,0,0", "1,1,0,0,0", "1,1"}
}

// notify lets the modem tell of messages. Where it does not, the storage is looked
// through more often. 3GPP TS 27.005 3.4.1.
func (s *session) notify(ctx context.Context) error {
	settings := notifySettings()
	if slices.Contains(s.memories, "SR") { // a storage for status reports
		settings = append([]string{"2,1,0,2,0"}, settings...)
	}
	if s.m.cfg.Notify != "" {
		settings = []string{s.m.cfg.Notify}
	}
	in := ""
	for _, setting := range settings {
		_, err := s.ready(ctx, "AT+CNMI="+setting, "")
		if err == nil {
			in = setting
			break
		}
		if !refused(err) {
			return err
		}
	}
	s.told = in != ""
	s.m.change(func(st *Status) { st.Notify = in })
	return nil
}

// look selects a storage for reading.
func (s *session) look(ctx context.Context, memory string) error {
	if memory == s.memory || memory == "" {
		return nil
	}
	list, err := s.exec(ctx, "AT+CPMS="+quote(memory), "+CPMS:")
	if err != nil {
		return err
	}
	if s.memory = memory; memory == s.receiving {
		s.room(list)
	}
	return nil
}

// reading are the storages that messages may lie in. MT is SM and ME together.
func (s *session) reading() []string {
	list := []string{s.receiving}
	for _, memory := range []string{"SM", "ME", "SR"} {
		if memory != s.receiving && slices.Contains(s.memories, memory) && (s.receiving != "MT" || memory == "SR") {
			list = append(list, memory)
		}
	}
	return list
}

// collect reads all storages and hands over what was not yet. The one in which
// messages come in is left selected, with its room known.
func (s *session) collect(ctx context.Context) error {
	for _, memory := range s.reading() {
		if err := s.look(ctx, memory); refused(err) {
			continue
		} else if err != nil {
			return err
		}
		if err := s.list(ctx); err != nil {
			return err
		}
	}
	if err := s.look(ctx, s.receiving); err != nil && !refused(err) {
		return err
	}
	list, err := s.try(ctx, "AT+CPMS?", "+CPMS:")
	if err == nil {
		s.room(list)
	}
	return err
}

// list reads the storage that is selected. A modem that cannot list is asked for
// one place after the other.
func (s *session) list(ctx context.Context) error {
	list, err := s.d.exec(ctx, command{text: "AT+CMGL=4", prefix: "+CMGL:", pdus: true, within: s.m.cfg.SendFor})
	if isCode(err, FamilyCMS, 321) { // how some say that there is none
		return nil
	}
	if refused(err) {
		if s.scans = s.scans || s.memory == s.receiving; !s.scans {
			return nil // of this storage it may be
		}
		return s.scan(ctx)
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		p := params(e.text)
		index, ok := number(param(p, 0))
		status, known := number(param(p, 1))
		if ok && e.pdu != "" && (!known || status <= statusRead) {
			s.handOver(slot{s.memory, index}, e.pdu)
		}
	}
	return nil
}

// scan reads place after place, as the storage has holes. Some count from 0, some from 1.
func (s *session) scan(ctx context.Context) error {
	for index := range s.m.Status().Total + 1 {
		if err := s.read(ctx, slot{s.memory, index}); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads one message that the modem has told of.
func (s *session) fetch(ctx context.Context, at slot) error {
	err := s.look(ctx, at.memory)
	if refused(err) {
		return nil // the next look through all storages finds it, if it can be found
	}
	if err == nil {
		err = s.read(ctx, at)
	}
	if err == nil {
		err = s.look(ctx, s.receiving)
	}
	if refused(err) {
		return nil
	}
	return err
}

// read reads one place of the storage that is selected; one that is empty is none.
func (s *session) read(ctx context.Context, at slot) error {
	status, pdu, err := s.pduAt(ctx, at.index)
	if err == nil && pdu != "" && status <= statusRead {
		s.handOver(at, pdu)
	}
	if refused(err) {
		return nil
	}
	return err
}

// pduAt gives what a place has.
func (s *session) pduAt(ctx context.Context, index int) (status int, pdu string, err error) {
	list, err := s.d.exec(ctx, command{text: "AT+CMGR=" + strconv.Itoa(index), prefix: "+CMGR:", pdus: true, within: s.m.cfg.Answer})
	if err != nil || len(list) == 0 {
		return 0, "", err
	}
	status, _ = number(param(params(list[0].text), 0))
	return status, list[0].pdu, nil
}

// handOver gives a stored message to the handler, unless it has it already.
func (s *session) handOver(at slot, pdu string) {
	k := &kept{slot: at, pdu: pdu}
	s.m.mu.Lock()
	if old := s.m.kept[at]; old != nil && old.pdu == pdu {
		if old.acked { // the modem could not remove it the last time
			s.m.queueRemoval(old)
		}
		if old.again.IsZero() || time.Now().Before(old.again) {
			s.m.mu.Unlock()
			return
		}
	}
	if len(s.m.kept) >= maxKept { // the next look through the storages finds it
		s.m.mu.Unlock()
		return
	}
	s.m.kept[at] = k
	s.m.mu.Unlock()
	s.m.tell(k)
}

// unhex reads hexadecimal digits, of which the caller knows that they are.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}
