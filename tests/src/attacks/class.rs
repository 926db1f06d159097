//! The classes of attack, and what stands for the part of a class that no forged card can show.

/// A class of attack.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Its number.
    pub number: u8,
    /// What the attacker wants.
    pub title: &'static str,
    /// Tests for what cannot be forged: file and function.
    pub tests: &'static [(&'static str, &'static str)],
    /// What no verifier of this kind can see, if there is such a thing.
    pub undetectable: Option<&'static str>,
}

const fn class(number: u8, title: &'static str, tests: &'static [(&'static str, &'static str)]) -> Class {
    Class { number, title, tests, undetectable: None }
}

const VERIFIER_ATTACKS: &str = "verifier/tests/it/attacks.rs";
const HOSTILE: &str = "verifier/tests/it/hostile.rs";
const KEYS_ATTACKS: &str = "keys/tests/it/attacks.rs";
const FORGERIES: &str = "verifier/tests/it/forgeries.rs";

/// All of them.
pub const CLASSES: [Class; 35] = [
    class(1, "a signer that chains to no CSCA, or only to itself", &[]),
    class(2, "a signer under another country's CSCA", &[]),
    class(3, "certificates inside EF.SOD taken for anchors", &[]),
    class(
        4,
        "several certificates or signers; the signer identifier exchanged",
        &[(KEYS_ATTACKS, "with_several_signers_all_must_hold")],
    ),
    class(
        5,
        "a signer out of its time, judged at a time that the attacker chose",
        &[(FORGERIES, "an_expired_or_early_signer")],
    ),
    class(
        6,
        "a revoked signer; a list that is missing, old or not for us",
        &[(KEYS_ATTACKS, "revocation_is_good_only_by_a_signed_list_of_the_right_time")],
    ),
    class(7, "rollover of the CSCA: a link certificate as anchor", &[]),
    class(
        8,
        "certificates made for another purpose; a master list that nobody verified",
        &[
            (KEYS_ATTACKS, "an_authority_is_no_document_signer_and_a_signer_is_no_anchor"),
            ("keys/tests/it/path.rs", "a_master_list_is_read_and_its_signer_must_be_one"),
            (
                "keys/tests/it/master_lists.rs",
                "a_foreign_list_is_taken_in_only_under_a_known_authority_and_passed_on",
            ),
        ],
    ),
    class(9, "signed attributes that are not compared", &[]),
    class(10, "another content type", &[]),
    class(11, "confused signature algorithms, parameters ignored, old hashes", &[]),
    class(
        12,
        "elliptic curves by explicit parameters",
        &[(KEYS_ATTACKS, "explicit_parameters_with_a_chosen_generator_are_an_unknown_curve")],
    ),
    class(13, "trailing data, tricks of BER, groups listed twice", &[]),
    class(14, "data that nobody signed", &[]),
    class(15, "a missing digest taken for a match", &[]),
    class(16, "DG14 or DG15 hidden to switch the proofs off", &[]),
    class(17, "EF.COM taken for an authority", &[]),
    class(18, "DG1 beside what is printed, typed, and on the calendar", &[]),
    class(19, "EF.CardAccess altered", &[]),
    class(
        20,
        "PACE to BAC, silently",
        &[
            (VERIFIER_ATTACKS, "a_silent_downgrade_to_bac_is_found_by_dg14"),
            (VERIFIER_ATTACKS, "a_broken_pace_is_not_passed_over"),
        ],
    ),
    class(
        21,
        "answers without protection in the middle of the session",
        &[(VERIFIER_ATTACKS, "naked_and_replayed_answers_break_the_channel")],
    ),
    class(
        22,
        "checksums cut or not looked at",
        &[
            (HOSTILE, "every_bit_of_a_checksum_counts_under_aes"),
            (HOSTILE, "every_bit_of_a_checksum_counts_under_3des"),
            (VERIFIER_ATTACKS, "flipped_bits_are_never_accepted_in_protected_answers"),
        ],
    ),
    class(23, "counters of the session run apart", &[(HOSTILE, "no_answer_serves_twice")]),
    class(
        24,
        "invalid points, equal keys, small orders, leading zeros",
        &[
            ("curves/tests/it/vectors.rs", "a_mapping_to_infinity_is_refused"),
            ("curves/tests/it/vectors.rs", "leading_zeros_of_a_shared_secret_are_kept"),
            ("card-profile/tests/it/pace.rs", "leading_zeros_never_break_a_session"),
        ],
    ),
    class(
        25,
        "passwords that can be guessed",
        &[
            ("virtual-chip/tests/it/passwords.rs", "wrong_passwords_make_the_next_try_slower"),
            ("virtual-chip/tests/it/passwords.rs", "a_blocked_pin_is_unblocked_by_the_puk_only"),
        ],
    ),
    class(
        26,
        "a card that can be told from others without its password",
        &[("tests/tests/it/attacks.rs", "chips_of_two_persons_answer_a_stranger_alike")],
    ),
    class(27, "a copy with every byte and every signature", &[]),
    class(28, "a chip's key that EF.SOD does not bind", &[]),
    class(29, "Chip Authentication that proves nothing", &[]),
    Class {
        number: 30,
        title: "answers to other challenges, weak keys, relay",
        tests: &[(
            "card-profile/src/protocol/active_authentication/tests.rs",
            "rsa_signs_with_every_hash_and_the_terminal_believes_only_the_challenge",
        )],
        undetectable: Some(
            "Relay: a genuine chip elsewhere answers over a radio link. Every proof is true, and every bit of it is the chip's. No check \
             of this verifier sees it. What remains is the bearer beside the portrait, and the time that an answer takes, \
             which ISO/IEC 14443 readers do not bound closely enough.",
        ),
    },
    class(31, "proofs as a file: what a third party may conclude", &[]),
    class(
        32,
        "decoders of pictures",
        &[
            ("pictures/tests/it/process.rs", "bombs_are_too_large_before_they_are_unpacked"),
            ("pictures/tests/it/process.rs", "memory_is_bounded"),
            ("pictures/tests/it/process.rs", "time_is_bounded_and_the_child_is_gone"),
            ("pictures/tests/it/process.rs", "the_child_holds_three_descriptors_and_cannot_open_a_fourth"),
            ("pictures/tests/it/wsq.rs", "no_bytes_make_it_panic"),
        ],
    ),
    class(
        33,
        "lengths that are bombs, reads without data",
        &[(HOSTILE, "files_of_a_gigabyte_are_not_read"), (VERIFIER_ATTACKS, "hostile_chips_end")],
    ),
    class(
        34,
        "names that write on the terminal",
        &[("verifier/src/report/sanitize.rs", "a_card_cannot_write_on_the_terminal")],
    ),
    class(
        35,
        "not offered shown as failed, not checked shown as passed",
        &[("verifier/tests/it/verdict_rule.rs", "what_is_missing_counts_unless_it_is_optional")],
    ),
];
