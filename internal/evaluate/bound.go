package evaluate

import "math"

// confidence of every bound, one-sided. Then nothing found in n trials bounds
// the share by 1 - 0.05^(1/n), which is the rule of three, 3/n.
const confidence = 0.95

// panesPerDay is how many trials a terminal-day holds: panes of ten seconds, in
// each of which a verdict may be raised. A day as one trial could not hold two
// false verdicts; with this many trials the bound is that of a rate.
const panesPerDay = 8640

// RateBound is the upper 95 % Clopper-Pearson bound of a rate per day: of
// events in so many days, above 0.
func RateBound(events int, days float64) float64 {
	return upperBound(float64(events), days*panesPerDay) * panesPerDay
}

// UpperBound is the upper 95 % Clopper-Pearson bound of a share of k in n; 1
// where n is 0.
func UpperBound(k, n int) float64 { return upperBound(float64(k), float64(n)) }

// LowerBound is the lower 95 % Clopper-Pearson bound of a share of k in n.
func LowerBound(k, n int) float64 {
	if k <= 0 {
		return 0
	}
	return betaQuantile(1-confidence, float64(k), float64(n-k+1))
}

func upperBound(k, n float64) float64 {
	if k >= n {
		return 1
	}
	return betaQuantile(confidence, k+1, n-k)
}

// betaQuantile is where the beta distribution of a and b reaches p: bisection,
// for it is monotonous and an evaluation asks for few.
func betaQuantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for range 200 {
		x := (low + high) / 2
		if betaShare(x, a, b) < p {
			low = x
		} else {
			high = x
		}
	}
	return (low + high) / 2
}

// betaShare is the regularised incomplete beta function I_x(a,b) (DLMF 8.17), by
// its continued fraction, which converges fast below the mean; above it by
// I_x(a,b) = 1 - I_(1-x)(b,a).
func betaShare(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - betaShare(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front * betaFraction(x, a, b) / a
}

// betaFraction is the continued fraction of DLMF 8.17.22 by Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny, enough = 1e-300, 1e-15
	guard := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/guard(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m < 10_000; m++ {
		for _, term := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 / guard(1+term*d)
			c = guard(1 + term/c)
			f *= c * d
			if term < 0 && math.Abs(c*d-1) < enough {
				return f
			}
		}
	}
	return f
}
