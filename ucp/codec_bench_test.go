package ucp

import "testing"

// hotPDUs are those that a gateway deals with all the time.
func hotPDUs(t testing.TB) map[string]*PDU {
	list := map[string]*PDU{}
	for name, text := range map[string]string{
		"submit":        "01/00116/O/51/46701234567/46700000001//1/6000/7/0539////////////3//48656A200F7B7C201B65201B3C1B3E////////1139/////C7",
		"submit_result": "02/00044/R/51/A//46701234567:211126213102/69",
		"notify":        "05/00112/O/53/71000/46701234567/////////////211126213102/0/000/211126213110/3//44656C697665726564/////////////7F",
		"notify_result": "00/00020/R/53/A///96",
		"submit_name":   "02/00126/O/51/46701234567/0ECFB63B7D0ED3CB//1//1/////////////3/88/68656C6C6F20776F726C64////1////5039//020100060101070101///49",
	} {
		p, err := Decode(framed(text))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = p
	}
	return list
}

func BenchmarkAppend(b *testing.B) {
	for name, p := range hotPDUs(b) {
		b.Run(name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = Append(buf[:0], p)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, p := range hotPDUs(b) {
		b.Run(name, func(b *testing.B) {
			frame := mustAppend(b, p)
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Nothing is allocated for a PDU that is written; for one that is read its body and its octets.
func TestAllocations(t *testing.T) {
	for name, p := range hotPDUs(t) {
		buf := make([]byte, 0, 1024)
		if n := testing.AllocsPerRun(1000, func() { buf, _ = Append(buf[:0], p) }); n > 0 {
			t.Errorf("Append %s: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(1000, func() { _, _ = Decode(buf) }); n > 2 {
			t.Errorf("Decode %s: %v allocations", name, n)
		}
	}
}
