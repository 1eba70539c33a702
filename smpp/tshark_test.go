package smpp

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// everyPDU gives one PDU of each command, with all its fields in use, and the forms that differ on the wire.
func everyPDU() []PDU {
	src, dst := Address{TONAlphanumeric, NPIUnknown, "Kurir"}, Address{TONInternational, NPIISDN, "46701234567"}
	msg := ShortMessage{
		ServiceType: "CMT", Source: src, Dest: dst, ESMClass: ESMStoreForward, ProtocolID: 1, Priority: 3,
		ScheduleTime: "261121230203000+", Validity: "000002000000000R", RegisteredDelivery: ReceiptFinal | ReceiptIntermediate,
		DataCoding: 3, DefaultMsgID: 1, Text: []byte("Hej \xe5"),
		TLVs: TLVs{
			{TagUserMessageReference, []byte{1, 2}},
			{TagSARMsgRefNum, []byte{0, 1}},
			{TagSARTotalSegments, []byte{2}},
			{TagSARSegmentSeqnum, []byte{1}},
			{TagAlertOnMessageDelivery, nil},
			{0x1401, []byte("own")},
		},
	}
	long := ShortMessage{Source: dst, Dest: src, DataCoding: 8, TLVs: TLVs{{TagMessagePayload, bytes.Repeat([]byte{4, 0x1f}, 200)}}}
	receipt := ShortMessage{Source: dst, Dest: src, ESMClass: ESMReceipt, TLVs: TLVs{
		{TagReceiptedMessageID, []byte("1000\x00")},
		{TagMessageState, []byte{uint8(MessageDelivered)}},
		{TagNetworkErrorCode, []byte{3, 0, 0}},
	}}
	receipt.Text = (&Receipt{ID: "1000", SubmitDate: "2611212301", DoneDate: "2611212302", State: MessageDelivered}).Append(nil)
	version := TLVs{{TagSCInterfaceVersion, []byte{0x34}}}
	bodies := []Body{
		&Bind{Transceiver, "kan", "secret", "VMA", Version34, Address{1, 1, "^467"}},
		&Bind{Transmitter, "kan", "secret", "", Version34, Address{}},
		&Bind{Receiver, "kan", "secret", "", Version34, Address{}},
		&BindResp{Transceiver, "kurir", version}, &BindResp{Transmitter, "kurir", version}, &BindResp{Receiver, "kurir", nil},
		&Outbind{"kurir", "secret"}, &Unbind{}, &UnbindResp{}, &EnquireLink{}, &EnquireLinkResp{}, &GenericNack{},
		&SubmitSM{msg}, &SubmitSM{long}, &SubmitSM{}, &SubmitSMResp{MessageID: "1000"},
		&DeliverSM{msg}, &DeliverSM{long}, &DeliverSM{receipt}, &DeliverSMResp{},
		&DataSM{"CMT", src, dst, 0, 1, 0, TLVs{{TagMessagePayload, []byte("hello")}}},
		&DataSMResp{"77", TLVs{{TagDeliveryFailureReason, []byte{1}}}},
		&SubmitMulti{Source: src, Dests: []MultiDest{{Address: dst}, {List: "friends"}}, Text: []byte("hi all")},
		&SubmitMultiResp{"m1", []Unsuccess{{dst, ESME_RINVDSTADR}}, nil},
		&QuerySM{"m1", src}, &QuerySMResp{"m1", "261121230203000+", MessageDelivered, 1, nil},
		&CancelSM{"CMT", "m1", src, dst}, &CancelSMResp{},
		&ReplaceSM{MessageID: "m1", Source: src, RegisteredDelivery: 1, Text: []byte("new")}, &ReplaceSMResp{},
		&AlertNotification{dst, src, TLVs{{TagMSAvailabilityStatus, []byte{0}}}},
	}
	area := TLV{TagBroadcastAreaIdentifier, []byte("\x00west")}
	busy := TLVs{{TagCongestionState, []byte{85}}}
	bodies = append(bodies,
		&BroadcastSM{ServiceType: "CBS", Source: src, Validity: "000002000000000R", DataCoding: 1, TLVs: TLVs{
			area,
			{TagBroadcastContentType, []byte{1, 0, 0}},
			{TagBroadcastFrequencyInterval, []byte{9, 0, 10}},
			{TagMessagePayload, []byte("snow")},
			{TagBroadcastChannelIndicator, []byte{0}},
			{TagBroadcastMessageClass, []byte{1}},
			{TagBroadcastContentTypeInfo, []byte{1}},
			{TagBroadcastServiceGroup, []byte{1, 2}},
			{TagBroadcastRepNum, []byte{0, 5}}, // last: see stumbles
		}},
		&BroadcastSMResp{"b1", TLVs{{TagBroadcastErrorStatus, []byte{0, 0, 1, 0x0D}}, area}},
		&QueryBroadcastSM{"b1", src, TLVs{{TagUserMessageReference, []byte{1, 2}}}},
		&QueryBroadcastSMResp{"b1", TLVs{
			{TagMessageState, []byte{2}},
			area,
			{TagBroadcastAreaSuccess, []byte{100}},
			{TagBroadcastEndTime, []byte("261121230203000+\x00")},
		}},
		&CancelBroadcastSM{"CBS", "b1", src, TLVs{{TagBroadcastContentType, []byte{1, 0, 0}}}}, &CancelBroadcastSMResp{},
		&SubmitSMResp{"1000", busy}, &SubmitMultiResp{"m1", nil, busy}, &QuerySMResp{"m1", "", MessageEnroute, 0, busy},
		&CancelSMResp{busy}, &ReplaceSMResp{busy}, &DeliverSMResp{"", busy}, &DataSMResp{"77", busy}, &CancelBroadcastSMResp{busy},
	)
	var list []PDU
	for i, b := range bodies {
		list = append(list, PDU{Command: b.Command(), Sequence: uint32(i + 1), Body: b})
		if b.Command().IsResponse() {
			list = append(list, PDU{Command: b.Command(), Status: ESME_RTHROTTLED, Sequence: uint32(i + 1)})
		}
	}
	return list
}

// pcap writes PDUs as one TCP connection to port 2775.
func pcap(t *testing.T, pdus []PDU) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0) // raw IP
	sequence := uint32(1)
	for i := range pdus {
		frame, err := Append(nil, &pdus[i])
		if err != nil {
			t.Fatal(err)
		}
		size := 40 + len(frame)
		for _, n := range []int{i, 0, size, size} { // seconds, microseconds, captured, original
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, 0x45, 0, byte(size>>8), byte(size), 0, byte(i), 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2)
		out = append(out, 0x80, 0, 2775>>8, 2775&0xff)
		out = binary.BigEndian.AppendUint32(out, sequence)
		out = append(out, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0)
		out = append(out, frame...)
		sequence += uint32(len(frame))
	}
	return out
}

// stumbles reports whether tshark cannot read a PDU to its end: up to 4.0 it steps over one octet of the two of a
// broadcast_rep_num (SMPP 5.0 4.8.4.13), which is therefore the last parameter of ours.
func stumbles(pdu string) bool { return strings.Contains(pdu, "Command: Broadcast_sm, ") }

// Wireshark understands everything that we send.
func TestTshark(t *testing.T) {
	t.Parallel()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is not installed (apt-get install tshark)")
		}
		t.Skip("tshark is not installed (apt-get install tshark): our bytes are not judged by a foreign program")
	}
	file := filepath.Join(t.TempDir(), "x.pcap")
	pdus := everyPDU()
	if err := os.WriteFile(file, pcap(t, pdus), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tshark, "-r", file, "-d", "tcp.port==2775,smpp", "-o", "tcp.desegment_tcp_streams:TRUE", "-V")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, b)
	}
	dissected := string(b)
	if n := strings.Count(dissected, "Short Message Peer to Peer, Command: "); n != len(pdus) {
		t.Errorf("tshark found %d PDUs of %d", n, len(pdus))
	}
	pdu := ""
	for line := range strings.Lines(dissected) {
		switch {
		case strings.HasPrefix(line, "Frame "):
			pdu = "" // of the lower protocols we made up no more than was needed
		case strings.HasPrefix(line, "Short Message Peer to Peer"):
			pdu = strings.TrimSpace(line)
		}
		for _, bad := range []string{"Malformed", "Expert Info (Error", "Expert Info (Warn", "nknown"} {
			named := strings.Contains(line, "Type of number") || strings.Contains(line, "Numbering plan") // 0 is "Unknown"
			if pdu != "" && strings.Contains(line, bad) && !named && !stumbles(pdu) {
				t.Errorf("%s: %s", pdu, strings.TrimSpace(line))
			}
		}
	}
	for _, want := range []string{
		"System ID: kan", "Message id.: 1000", "Recipient address: 46701234567", "Message bytes: 48656a20e5",
		"Message state: DELIVERED", "Final date: Nov 21, 2026 23:02:03", "SMSC-supported version: 3.4",
		"Congestion State: Optimum Load", "Payload: 736e6f77", "Area Identifier: 0077657374", "Service Group: 0102",
		"Number of repetitions requested: ",
	} {
		if !strings.Contains(dissected, want) {
			t.Errorf("tshark does not say %q", want)
		}
	}
}
