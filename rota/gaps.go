package rota

import "time"

// Gap is that a rota has times in which nobody is on duty.
type Gap struct {
	Rota  *Rota
	First Span
	More  int // how many follow
}

// Gaps tells which rotas have gaps from a time until another. Rotas that stand in others only, and own no number and no address, are left
// out: what is behind them there is what they leave to others. The error is one of the times.
func (s *Set) Gaps(from, to time.Time) (list []Gap, err error) {
	within := map[*Plan]bool{}
	for _, p := range s.All() {
		for inner := range p.named() {
			if inner != p {
				within[inner] = true
			}
		}
	}
	for _, p := range s.All() {
		if within[p] && len(p.Rota.Numbers) == 0 && len(p.Rota.Mail) == 0 {
			continue
		}
		spans, err := p.Between(from, to)
		if err != nil {
			return nil, err
		}
		gap := Gap{Rota: p.Rota, More: -1}
		for i := range spans {
			if spans[i].Gap() {
				if gap.More++; gap.More == 0 {
					gap.First = spans[i]
				}
			}
		}
		if gap.More >= 0 {
			list = append(list, gap)
		}
	}
	return list, nil
}
