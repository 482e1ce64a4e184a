package stat_test

import (
	"fmt"
	"log"
	"math"

	"cri-stats-bench/bench/stat"
)

func ExampleRelativeLine() {
	pods := []float64{0, 0, 35, 35, 110, 110, 250, 250}
	cost := []float64{3.02, 2.97, 4.41, 4.52, 7.71, 7.52, 13.8, 13.1}
	l, err := stat.RelativeLine(pods, cost, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f + %.4f [%.4f, %.4f] per pod, noise %.1f %%\n",
		l.Intercept.Value, l.Slope.Value, l.Slope.CI.Lo, l.Slope.CI.Hi, 100*l.ResidualSD)
	// Output: 3.00 + 0.0419 [0.0404, 0.0434] per pod, noise 1.9 %
}

func ExampleQuantileIntervalEffective() {
	latencies := make([]float64, 100)
	for i := range latencies {
		latencies[i] = 2 + math.Mod(float64(i)*0.377, 1)
	}
	e, err := stat.QuantileIntervalEffective(latencies, 0.95, 0.95, 100)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("p95 %.2f ms [%.2f, %.2f]\n", e.Value, e.CI.Lo, e.CI.Hi)
	_, err = stat.QuantileIntervalEffective(latencies, 0.99, 0.95, 100)
	fmt.Println(err)
	// Output:
	// p95 2.93 ms [2.90, 3.00]
	// interval of quantile 0.99 of 100 values: too few values: 100 independent values cannot bound it at level 0.95
}

func ExampleSampleSize() {
	margin := math.Log1p(0.02)
	n, err := stat.SampleSize(margin, 0.03, 0.05, 0.80)
	if err != nil {
		log.Fatal(err)
	}
	effect, err := stat.MinimumDetectableEffect(10, 0.03, 0.05, 0.80)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d rounds for a margin of 2 %%; 10 rounds find a change of %.1f %%\n", n, 100*math.Expm1(effect))
	// Output: 16 rounds for a margin of 2 %; 10 rounds find a change of 2.6 %
}

func ExampleHolm() {
	adjusted, err := stat.Holm([]float64{0.001, 0.04, 0.03, 0.2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(adjusted)
	// Output: [0.004 0.09 0.09 0.2]
}

func ExampleBlandAltman() {
	cgroup := []float64{100, 210, 320, 150, 275, 410, 95, 330, 180, 260}
	reported := []float64{101, 212, 318, 152, 276, 414, 96, 331, 179, 263}
	d, err := stat.LogRatios(cgroup, reported)
	if err != nil {
		log.Fatal(err)
	}
	a, err := stat.BlandAltman(d, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("bias %+.2f %%, limits %+.2f %% to %+.2f %% (at most %+.2f %%)\n",
		100*math.Expm1(a.Bias.Value), 100*math.Expm1(a.Lower.Value), 100*math.Expm1(a.Upper.Value), 100*math.Expm1(a.Upper.CI.Hi))
	// Output: bias +0.59 %, limits -0.78 % to +1.99 % (at most +3.31 %)
}
