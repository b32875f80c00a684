package org.homeround.kit

import kotlinx.coroutines.flow.Flow
import org.homeround.core.EntryId
import org.homeround.core.FormValue
import org.homeround.core.FormView
import org.homeround.core.Saved
import org.homeround.core.Visit as Core

/**
 * The forms of a visit. An answer is saved for good when its call returns. Languages are BCP 47, as `es`;
 * texts without a translation come as the form has them.
 */
class Forms internal constructor(private val core: Core, private val worker: Worker) {
    /** The forms as they stand, in the order in which they were begun. Emits again whenever one changes. */
    fun all(language: String): Flow<List<FormView>> = worker.live { core.forms(language) }

    /** One form as it stands. Emits again whenever it changes, here or elsewhere. */
    fun one(form: EntryId, language: String): Flow<FormView> = worker.live { core.form(form, language) }

    /** Begins a form; the saved entry is the form. */
    suspend fun start(questionnaire: String): Saved = worker.run { core.startForm(questionnaire) }

    /** Answers one question; of a repeating one the item's own key adds an answer. */
    suspend fun answer(form: EntryId, key: String, value: FormValue): Saved =
        worker.run { core.setAnswer(form, key, value) }

    /** Takes an answer back. */
    suspend fun clear(form: EntryId, key: String): Saved = worker.run { core.clearAnswer(form, key) }

    /** Adds a repetition of a group. */
    suspend fun addRepetition(form: EntryId, key: String): Saved = worker.run { core.addRepetition(form, key) }

    /** Takes a repetition of a group away, with its answers. */
    suspend fun removeRepetition(form: EntryId, key: String): Saved = worker.run { core.removeRepetition(form, key) }

    /** Says that a form is complete; refused while something is missing. */
    suspend fun complete(form: EntryId): Saved = worker.run { core.completeForm(form) }

    /** Opens a complete form again. */
    suspend fun reopen(form: EntryId): Saved = worker.run { core.reopenForm(form) }
}
