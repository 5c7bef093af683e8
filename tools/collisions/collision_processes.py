"""The processes of the collisions data set, as Pythia settings.

The mixture of the background is chosen so that each process is seen, not by cross section.
"""

COMMON = [
    "Beams:eCM = 13000.", "Tune:pp = 14", "PDF:pSet = 13",
    "Print:quiet = on", "Next:numberShowEvent = 0", "Random:setSeed = on",
]

MINIMUM_BIAS = ["SoftQCD:nonDiffractive = on"]

# Process: share of the accepted background events, settings.
BACKGROUND = {
    "qcd": (0.60, ["HardQCD:all = on", "PhaseSpace:pTHatMin = 40."]),
    "w": (0.25, ["WeakBosonAndParton:qqbar2Wg = on", "WeakBosonAndParton:qg2Wq = on",
                 "PhaseSpace:pTHatMin = 10.", "24:onMode = off", "24:onIfAny = 11 13 15"]),
    "z": (0.10, ["WeakBosonAndParton:qqbar2gmZg = on", "WeakBosonAndParton:qg2gmZq = on",
                 "PhaseSpace:pTHatMin = 10.", "23:mMin = 40.", "23:onMode = off",
                 "23:onIfAny = 11 13 15"]),
    "tt": (0.05, ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]),
}

# What the network never sees: names as the files', settings.
SIGNALS = {
    "A_to_4l": ["HiggsSM:gg2H = on", "25:m0 = 50.", "25:mMin = 49.", "25:mMax = 51.",
                "23:mMin = 5.", "25:onMode = off", "25:onIfMatch = 23 23", "23:onMode = off",
                "23:onIfAny = 11 13"],
    "LQ_to_btau": ["LeptoQuark:gg2LQLQbar = on", "LeptoQuark:qqbar2LQLQbar = on",
                   "42:m0 = 80.", "42:mMin = 70.", "42:mMax = 90.", "42:0:products = 5 15"],
    "h0_to_tautau": ["HiggsSM:gg2H = on", "25:m0 = 60.", "25:mMin = 59.", "25:mMax = 61.",
                     "25:onMode = off", "25:onIfMatch = 15 15"],
    "hpm_to_taunu": ["Higgs:useBSM = on", "HiggsBSM:ffbar2H+- = on", "37:m0 = 60.", "37:mMin = 59.",
                     "37:mMax = 61.", "37:onMode = off", "37:onIfMatch = 15 16"],
    "Zprime_to_tt": ["NewGaugeBoson:ffbar2gmZZprime = on", "Zprime:gmZmode = 3",
                     "32:m0 = 1500.", "32:onMode = off", "32:onIfAny = 6"],
}


def background_counts(event_count):
    """Events of each background process, which sum to `event_count`."""
    counts = {name: int(round(share * event_count)) for name, (share, _) in BACKGROUND.items()}
    counts["qcd"] += event_count - sum(counts.values())
    return counts
